/*
 * What every test of the supervisor starts with: coild, started from a folder of its own, with a
 * worker that does what a test tells it, and clients that talk to coild over the wire.
 *
 * A test program is both: coild finds it as libexec/coil/coil-worker in the folder that install()
 * makes, and its main() calls be_worker() when it is called with --link-fd.
 */
#ifndef TEST_SUPERVISOR_FIXTURE_H
#define TEST_SUPERVISOR_FIXTURE_H

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

#include <cmocka.h>

#include "proto/cleanup.h"
#include "proto/image.h"
#include "proto/version.h"
#include "proto/wire.h"
#include "tests/unit/supervisor_fake_worker.h"

#define TIMEOUT_MS 20000
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* No program is to be warned of the helpers that only others use. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"

/* ---- the folder that coild is installed in ---- */

static char prefix[] = "/tmp/coil-test-XXXXXX";
static char programs[4096]; /* the real bin folder */

static char *path_of(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof paths[0], "%s/%s", prefix, name);
    return path;
}

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
    char command[8192];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    assert_int_equal(system(command), 0);
}

static int install(void **state)
{
    char self[4096] = "";
    char *slash;

    (void)state;
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    assert_non_null(mkdtemp(prefix));
    (void)snprintf(programs, sizeof programs, "%s", self);
    for (int i = 0; i < 3; i++) {
        slash = strrchr(programs, '/');
        *slash = '\0';
    }
    (void)strcat(programs, "/bin");
    run("mkdir -p %s/bin %s/libexec/coil && cp '%s/coild' %s/bin && ln -s '%s' %s/libexec/coil/coil-worker", prefix, prefix,
        programs, prefix, self, prefix);
    (void)setenv("COIL_SOCKET", path_of("sock"), 1);
    (void)setenv("HOME", prefix, 1);
    return 0;
}

static int uninstall(void **state)
{
    (void)state;
    run("rm -rf %s", prefix);
    return 0;
}

/* ---- the daemon ---- */

struct fixture {
    pid_t daemon;
    unsigned fds;
};

/* Starts coild; reads what it says to its starter into `said`. */
static pid_t start(char *said, size_t size, const char *const *options)
{
    const char *arguments[16] = { "coild", "--ready-fd", "9" };
    int pipe_fds[2];
    size_t used = 0;
    ssize_t got;
    pid_t pid;

    for (int i = 0; options && options[i]; i++)
        arguments[3 + i] = options[i];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        if (pipe_fds[1] == 9)
            (void)fcntl(9, F_SETFD, 0);
        else
            (void)dup2(pipe_fds[1], 9);
        (void)dup2(open("/dev/null", O_RDWR), 2);
        (void)execv(path_of("bin/coild"), (char **)arguments);
        _exit(127);
    }
    (void)close(pipe_fds[1]);
    while (used < size - 1 && (got = read(pipe_fds[0], said + used, size - 1 - used)) > 0)
        used += (size_t)got;
    said[used] = '\0';
    (void)close(pipe_fds[0]);
    return pid;
}

static int wait_for(pid_t pid)
{
    int status = -1;

    for (int waited_ms = 0; waited_ms < TIMEOUT_MS; waited_ms += 5) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return status;
        sleep_ms(5);
    }
    fail_msg("process %d has not ended", (int)pid);
    return -1;
}

static unsigned count_daemon_fds(const struct fixture *fixture)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)fixture->daemon);
    return count_fds(path);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char said[1024];

    fixture->daemon = start(said, sizeof said, NULL);
    assert_string_equal(said, "ready\n");
    fixture->fds = count_daemon_fds(fixture);
    *state = fixture;
    return 0;
}

static void assert_nothing_left(void)
{
    struct stat status;

    assert_int_equal(stat(path_of("sock"), &status), -1);
    assert_int_equal(stat(path_of("sock.lock"), &status), -1);
}

/* Does the process run this program (another build's tests may run at the same time) as a worker? */
static bool is_own_worker(const char *process)
{
    char path[300], own[PATH_MAX], exe[PATH_MAX], name[16] = "";
    ssize_t own_size = readlink("/proc/self/exe", own, sizeof own);
    COIL_CLEANUP(coil_file_close) FILE *cmdline = NULL;

    (void)snprintf(path, sizeof path, "/proc/%s/exe", process);
    if (own_size <= 0 || readlink(path, exe, sizeof exe) != own_size || memcmp(exe, own, (size_t)own_size) != 0)
        return false;
    (void)snprintf(path, sizeof path, "/proc/%s/cmdline", process);
    cmdline = fopen(path, "re");
    return cmdline && fread(name, 1, sizeof name - 1, cmdline) > 0 && strncmp(name, "coil-worker", 11) == 0;
}

static int count_workers(void)
{
    DIR *processes = opendir("/proc");
    const struct dirent *entry;
    int count = 0;

    assert_non_null(processes);
    while ((entry = readdir(processes)))
        count += isdigit((unsigned char)entry->d_name[0]) && is_own_worker(entry->d_name);
    (void)closedir(processes);
    return count;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    if (fixture->daemon) {
        (void)kill(fixture->daemon, SIGTERM);
        assert_int_equal(wait_for(fixture->daemon), 0);
    }
    assert_nothing_left();
    assert_int_equal(count_workers(), 0);
    free(fixture);
    return 0;
}

static bool log_has(const char *words)
{
    char command[512];

    (void)snprintf(command, sizeof command, "grep -q '%s' %s/sock.log", words, prefix);
    return system(command) == 0;
}

/* ---- clients ---- */

struct image {
    struct coil_descriptor head;
    char strings[64];
    uint8_t hash[COIL_HASH_SIZE];
};

/* A module without anything; `variant` makes another one of the same name. */
static struct image *make_image(const char *name, const char *variant)
{
    static _Alignas(16) struct image image;

    memset(&image, 0, sizeof image);
    image.head = (struct coil_descriptor){
        .magic = COIL_DESCRIPTOR_MAGIC, .format = COIL_DESCRIPTOR_FORMAT, .size = offsetof(struct image, hash),
        .word = sizeof(void *) << 16 | sizeof(long double) << 8 | sizeof(wchar_t), .name = 1,
        .strings = { offsetof(struct image, strings), sizeof image.strings },
    };
    (void)snprintf(image.strings + 1, 31, "%s", name);
    (void)snprintf(image.strings + 32, 31, "%s", variant);
    coil_descriptor_hash(&image.head, image.hash);
    return &image;
}

static int connect_raw(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/sock", prefix);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static struct coil_wire *client(void)
{
    struct coil_wire *wire;

    assert_int_equal(coil_wire_new(connect_raw(), &wire), 0);
    return wire;
}

static struct coil_wire_message reply = COIL_WIRE_MESSAGE_INIT; /* the last answer */

static enum coil_message_type await_reply(struct coil_wire *wire)
{
    struct coil_error error = { 0 };

    coil_wire_message_deinit(&reply);
    for (;;) {
        struct pollfd ready = { .fd = coil_wire_fd(wire), .events = POLLIN };
        int r = coil_wire_receive(wire, &reply, &error);

        if (r == 0)
            return reply.message.type;
        if (r != -EAGAIN)
            fail_msg("no answer: %s", error.text);
        assert_int_equal(poll(&ready, 1, TIMEOUT_MS), 1);
    }
}

static void post(struct coil_wire *wire, struct coil_message message)
{
    assert_int_equal(coil_wire_send(wire, &message, NULL, NULL), 0);
}

static enum coil_message_type ask(struct coil_wire *wire, struct coil_message message)
{
    post(wire, message);
    return await_reply(wire);
}

static void assert_eof(struct coil_wire *wire)
{
    for (;;) {
        struct pollfd ready = { .fd = coil_wire_fd(wire), .events = POLLIN };
        struct coil_wire_message got = COIL_WIRE_MESSAGE_INIT;
        int r = coil_wire_receive(wire, &got, NULL);

        coil_wire_message_deinit(&got);
        if (r == -EPIPE)
            return;
        assert_int_equal(r, -EAGAIN);
        assert_int_equal(poll(&ready, 1, TIMEOUT_MS), 1);
    }
}

static void assert_failed(enum coil_refusal code, const char *words)
{
    assert_int_equal(reply.message.type, COIL_MESSAGE_FAILED);
    assert_int_equal(reply.message.code, code);
    if (!strstr(reply.message.text, words))
        fail_msg("expected \"%s\" in \"%s\"", words, reply.message.text);
}

static struct coil_message attach_message(const char *python, const struct image *image)
{
    struct coil_message message = { .type = COIL_MESSAGE_ATTACH, .request = 77, .protocol = COIL_PROTOCOL,
                                    .version = COIL_VERSION, .python = python, .name = image->strings + 1 };

    memcpy(message.hash, image->hash, sizeof message.hash);
    return message;
}

static struct coil_message descriptor_message(const struct image *image)
{
    struct coil_message message = { .type = COIL_MESSAGE_DESCRIPTOR, .request = reply.message.request,
                                    .descriptor = { image, image->head.size } };

    memcpy(message.hash, image->hash, sizeof message.hash);
    return message;
}

/* Attaches, and sends the descriptor if it is asked for it. */
static enum coil_message_type attach(struct coil_wire *wire, const char *python, const struct image *image)
{
    if (ask(wire, attach_message(python, image)) == COIL_MESSAGE_SEND_DESCRIPTOR)
        (void)ask(wire, descriptor_message(image));
    assert_int_equal(reply.message.request, 77);
    return reply.message.type;
}

static struct coil_wire *attached(const char *python, const struct image *image)
{
    struct coil_wire *wire = client();

    if (attach(wire, python, image) != COIL_MESSAGE_ATTACHED)
        fail_msg("not attached: %s", reply.message.text);
    return wire;
}

static enum coil_message_type module(struct coil_wire *wire, const struct image *image)
{
    struct coil_message message = { .type = COIL_MESSAGE_MODULE, .request = 78, .name = image->strings + 1 };

    memcpy(message.hash, image->hash, sizeof message.hash);
    if (ask(wire, message) == COIL_MESSAGE_SEND_DESCRIPTOR)
        (void)ask(wire, descriptor_message(image));
    return reply.message.type;
}

static bool is_dead(int pidfd, int timeout_ms)
{
    struct pollfd death = { .fd = pidfd, .events = POLLIN };

    return poll(&death, 1, timeout_ms) == 1;
}

static const char *status_report(void)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();

    (void)ask(wire, (struct coil_message){ .type = COIL_MESSAGE_STATUS, .version = "" });
    assert_int_equal(reply.message.type, COIL_MESSAGE_REPORT);
    return reply.message.text;
}

static void await_status(const char *words)
{
    for (int waited_ms = 0; waited_ms < TIMEOUT_MS; waited_ms += 5) {
        if (strstr(status_report(), words))
            return;
        sleep_ms(5);
    }
    fail_msg("expected \"%s\" in\n%s", words, reply.message.text);
}

#pragma GCC diagnostic pop

#endif
