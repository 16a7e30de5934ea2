/*
 * The daemon from outside: coild runs with a worker of our own, which does what a test
 * tells it through the Python path, and clients talk to it over the wire.
 *
 * This program is both: coild finds it as libexec/coil/coil-worker in a folder
 * that setup() makes, and it is the worker when it is called with --link-fd.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/cleanup.h"
#include "proto/image.h"
#include "proto/version.h"
#include "proto/window.h"
#include "proto/wire.h"

#define TIMEOUT_MS 20000

/* Pythons of the worker below. */
#define GOOD ""
#define BROKEN "/broken"   /* says why it does not start */
#define CRASHING "/crash"  /* dies without a word */
#define SLOW "/slow"       /* takes a second to start */
#define STUBBORN "/stay"   /* ignores SIGTERM */
#define GARBAGE "/garbage" /* answers with nonsense */
#define ENVIRONMENT "/env" /* refuses modules, with its environment as the reason */
#define DYING "/dying"     /* dies when it is given a session */

/* ---- the worker ---- */

static void say(struct coil_wire *wire, enum coil_message_type type, uint64_t request, const char *text)
{
    struct coil_message message = { .type = type, .request = request, .protocol = COIL_PROTOCOL,
                                    .version = COIL_VERSION, .code = COIL_REFUSED_OTHER, .text = text };

    (void)coil_wire_send(wire, &message, NULL, NULL);
}

static const char *environment_text(void)
{
    static char text[2048];
    extern char **environ;

    for (char **entry = environ; *entry; entry++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s ", *entry);
    return text;
}

static void sleep_ms(long ms)
{
    struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

    (void)nanosleep(&time, NULL);
}

/* Fds of this process: the link, the standard ones, and whatever should not be here. */
static unsigned count_fds(const char *folder_path)
{
    DIR *folder = opendir(folder_path);
    unsigned count = 0;

    while (folder && readdir(folder))
        count++;
    if (folder)
        (void)closedir(folder);
    return count;
}

static void check_session(const struct coil_wire_message *received)
{
    static const uint64_t sizes[] = { COIL_REQUESTS_SIZE, COIL_REPLIES_SIZE, COIL_STAGING_SIZE };

    for (int i = 0; i < 3; i++) {
        struct stat status;
        int seals = fcntl(received->fds[i], F_GET_SEALS);

        if (fstat(received->fds[i], &status) < 0 || (uint64_t)status.st_size != sizes[i] ||
            (status.st_mode & 07777) != 0600 || seals != (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
            abort();
    }
    if (received->message.base % COIL_WINDOW_STRIDE || received->message.base < COIL_RANGE_BEGIN ||
        received->message.base >= COIL_RANGE_END)
        abort();
}

static int be_worker(const char *python)
{
    struct coil_wire *wire;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (strcmp(python, CRASHING) == 0)
        (void)raise(SIGKILL);
    /* stdin, stdout, stderr, link, and those of the folder that is read. */
    if (coil_wire_new(3, &wire) < 0 || count_fds("/proc/self/fd") != 4 + 1 + 2)
        return 3;
    if (strcmp(python, BROKEN) == 0) {
        say(wire, COIL_MESSAGE_FAILED, 0, "there is no Python at all");
        return 1;
    }
    if (strcmp(python, SLOW) == 0)
        sleep_ms(1000);
    if (strcmp(python, STUBBORN) == 0)
        (void)signal(SIGTERM, SIG_IGN);
    say(wire, COIL_MESSAGE_READY, 0, NULL);
    for (;;) {
        COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message received = COIL_WIRE_MESSAGE_INIT;
        struct pollfd ready = { .fd = coil_wire_fd(wire), .events = POLLIN };
        uint64_t request;
        int r = coil_wire_receive(wire, &received, NULL);

        if (r == -EAGAIN) {
            (void)poll(&ready, 1, -1);
            continue;
        }
        if (r < 0)
            break;
        request = received.message.request;
        if (strcmp(python, GARBAGE) == 0 && received.message.type == COIL_MESSAGE_LOAD) {
            (void)!write(coil_wire_fd(wire), "\xff\xff\xff\xff", 4);
            (void)pause();
        }
        if (received.message.type == COIL_MESSAGE_SESSION) {
            check_session(&received);
            if (strcmp(python, DYING) == 0)
                (void)raise(SIGKILL);
        }
        if (strcmp(python, ENVIRONMENT) == 0)
            say(wire, COIL_MESSAGE_FAILED, request, environment_text());
        else if (received.message.type == COIL_MESSAGE_CHANNEL && received.message.channel == 13)
            say(wire, COIL_MESSAGE_FAILED, request, "no luck");
        else
            say(wire, COIL_MESSAGE_DONE, request, NULL);
    }
    coil_wire_free(wire);
    return 0;
}

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

/* ---- sessions ---- */

static void a_program_attaches_once_for_all(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *first = client();
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *second = NULL;
    const struct image *image = make_image("plugin", "");
    struct stat status;
    uint64_t base;
    pid_t worker;

    (void)state;
    assert_int_equal(ask(first, attach_message(GOOD, image)), COIL_MESSAGE_SEND_DESCRIPTOR);
    assert_int_equal(reply.message.request, 77);
    assert_memory_equal(reply.message.hash, image->hash, COIL_HASH_SIZE);
    assert_int_equal(ask(first, descriptor_message(image)), COIL_MESSAGE_ATTACHED);
    assert_int_equal(reply.message.request, 77);
    base = reply.message.base;
    worker = (pid_t)reply.message.pid;
    assert_int_equal(fstat(reply.fds[2], &status), 0);
    assert_int_equal(status.st_size, COIL_STAGING_SIZE);
    assert_false(is_dead(reply.fds[3], 0));

    /* The descriptor is known, the worker is warm. */
    second = client();
    assert_int_equal(ask(second, attach_message(GOOD, image)), COIL_MESSAGE_ATTACHED);
    assert_int_equal(reply.message.pid, worker);
    assert_true(reply.message.base != base);
    assert_non_null(strstr(status_report(), "programs: 2, workers: 1, descriptors: 1"));
    assert_non_null(strstr(reply.message.text, "module: plugin "));

    assert_int_equal(ask(second, attach_message(GOOD, image)), COIL_MESSAGE_FAILED);
    assert_failed(COIL_REFUSED_PROTOCOL, "has its session already");
}

static void what_is_certain_to_be_used_is_reserved(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = attached(GOOD, make_image("plugin", ""));
    struct stat before;
    struct stat after;
    uint64_t session = reply.message.session;
    int requests = fcntl(reply.fds[0], F_DUPFD_CLOEXEC, 3);

    (void)state;
    assert_int_equal(fstat(requests, &before), 0);
    assert_int_equal(before.st_blocks * 512, 4096 + COIL_RING_SIZE);
    assert_int_equal(ftruncate(requests, 1), -1);
    assert_int_equal(ask(wire, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL, .request = 3, .session = session,
                                                      .channel = 1000 }), COIL_MESSAGE_DONE);
    assert_int_equal(reply.message.request, 3);
    assert_int_equal(fstat(requests, &after), 0);
    assert_int_equal((after.st_blocks - before.st_blocks) * 512, 4096 + COIL_RING_SIZE);
    assert_non_null(strstr(status_report(), "channels 2"));

    (void)ask(wire, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL, .session = session, .channel = 13 });
    assert_failed(COIL_REFUSED_OTHER, "no luck");
    (void)ask(wire, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL, .session = session, .channel = 1024 });
    assert_failed(COIL_REFUSED_PROTOCOL, "no such session or channel");
    (void)ask(wire, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL, .session = session + 1, .channel = 2 });
    assert_failed(COIL_REFUSED_PROTOCOL, "no such session or channel");
    (void)close(requests);
}

static void modules_meet_or_conflict(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *first = attached(GOOD, make_image("plugin", "1"));
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *second = NULL;
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *third = NULL;
    uint64_t generation = reply.message.generation;

    (void)state;
    assert_int_equal(module(first, make_image("other", "")), COIL_MESSAGE_DONE);
    assert_int_equal(module(first, make_image("other", "")), COIL_MESSAGE_DONE);
    assert_int_equal(module(first, make_image("plugin", "1")), COIL_MESSAGE_DONE);
    (void)module(first, make_image("plugin", "2"));
    assert_failed(COIL_REFUSED_CONFLICT, "another module of this name");

    second = attached(GOOD, make_image("plugin", "2"));
    assert_true(reply.message.generation > generation);
    third = attached(GOOD, make_image("plugin", "1"));
    assert_int_equal(reply.message.generation, generation);
    assert_non_null(strstr(status_report(), "workers: 2"));
}

static void requests_of_one_connection_are_answered_in_order(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = attached(GOOD, make_image("plugin", ""));
    uint64_t session = reply.message.session;

    (void)state;
    for (uint64_t i = 1; i <= 40; i++)
        post(wire, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL, .request = i, .session = session,
                                          .channel = 100 + i });
    for (uint64_t i = 1; i <= 40; i++) {
        assert_int_equal(await_reply(wire), COIL_MESSAGE_DONE);
        assert_int_equal(reply.message.request, i);
    }
}

static void environments_do_not_share(void **state)
{
    const struct image *image = make_image("plugin", "");
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *first = attached(GOOD, image);
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *second = client();
    static const char *const entries[] = { "PYTHONPATH=/x", NULL };
    static const char *const wrong[] = { "LD_PRELOAD=/x", NULL };
    struct coil_message message = attach_message(ENVIRONMENT, image);

    (void)state;
    (void)setenv("SECRET", "1", 1);
    message.environment = wrong;
    (void)ask(second, message);
    assert_failed(COIL_REFUSED_PROTOCOL, "not a variable of Python's");
    message.environment = entries;
    (void)ask(second, message);
    assert_failed(COIL_REFUSED_OTHER, "PYTHONPATH=/x ");
    assert_null(strstr(reply.message.text, "COIL_"));
    assert_non_null(strstr(reply.message.text, "PATH="));
    assert_non_null(strstr(status_report(), "workers: 2"));
    /* Refused, but not disconnected. */
    assert_int_equal(attach(second, GOOD, image), COIL_MESSAGE_ATTACHED);
}

static void descriptors_are_checked(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();
    struct image *image = make_image("plugin", "");
    struct coil_message message;

    (void)state;
    assert_int_equal(ask(wire, attach_message(GOOD, image)), COIL_MESSAGE_SEND_DESCRIPTOR);
    image->strings[40] = 'x';
    (void)ask(wire, descriptor_message(image));
    assert_failed(COIL_REFUSED_PROTOCOL, "not the hash that was claimed");

    image = make_image("plugin", "");
    image->head.strings.offset = 1u << 30;
    assert_int_equal(ask(wire, attach_message(GOOD, image)), COIL_MESSAGE_SEND_DESCRIPTOR);
    (void)ask(wire, descriptor_message(image));
    assert_failed(COIL_REFUSED_PROTOCOL, "");

    image = make_image("plugin", "");
    message = attach_message(GOOD, image);
    message.name = "another";
    assert_int_equal(ask(wire, message), COIL_MESSAGE_SEND_DESCRIPTOR);
    (void)ask(wire, descriptor_message(image));
    assert_failed(COIL_REFUSED_PROTOCOL, "another name");

    assert_int_equal(ask(wire, attach_message(GOOD, make_image("new", ""))), COIL_MESSAGE_SEND_DESCRIPTOR);
    (void)ask(wire, (struct coil_message){ .type = COIL_MESSAGE_STATUS });
    assert_failed(COIL_REFUSED_PROTOCOL, "sent something else");
    assert_eof(wire);
}

static void another_version_is_refused(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();
    struct coil_message message = attach_message(GOOD, make_image("plugin", ""));

    (void)state;
    message.protocol = 99;
    message.version = "9.9.9";
    (void)ask(wire, message);
    assert_failed(COIL_REFUSED_VERSION, "9.9.9");
    assert_non_null(strstr(reply.message.text, "coild " COIL_VERSION));
}

static void what_needs_a_session_says_so(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();

    (void)state;
    (void)module(wire, make_image("plugin", ""));
    assert_failed(COIL_REFUSED_PROTOCOL, "attach first");
    (void)ask(wire, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL });
    assert_failed(COIL_REFUSED_PROTOCOL, "attach first");
    (void)ask(wire, (struct coil_message){ .type = COIL_MESSAGE_DONE });
    assert_failed(COIL_REFUSED_PROTOCOL, "not a request");
    assert_eof(wire);
}

/* ---- many, and bad ones ---- */

static void many_programs_at_once(void **state)
{
    struct coil_wire *wires[64];
    const struct image *image = make_image("plugin", "");
    pid_t worker = 0;

    (void)state;
    for (int i = 0; i < 64; i++) {
        wires[i] = client();
        post(wires[i], attach_message(GOOD, image));
    }
    for (int i = 0; i < 64; i++) {
        /* Those that the daemon reads after it has got the descriptor are not asked for it. */
        if (await_reply(wires[i]) == COIL_MESSAGE_SEND_DESCRIPTOR)
            (void)ask(wires[i], descriptor_message(image));
        assert_int_equal(reply.message.type, COIL_MESSAGE_ATTACHED);
        worker = worker ? worker : (pid_t)reply.message.pid;
        assert_int_equal(reply.message.pid, worker);
    }
    await_status("programs: 64, workers: 1, descriptors: 1");
    for (int i = 0; i < 64; i++)
        coil_wire_free(wires[i]);
    await_status("programs: 0, workers: 1");
    await_status("sessions 0, channels 0");
}

static void attaching_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct image *image = make_image("plugin", "");
    struct coil_wire *wire = attached(GOOD, image);
    unsigned fds;

    coil_wire_free(wire);
    await_status("sessions 0");
    sleep_ms(50);
    fds = count_daemon_fds(fixture);
    for (int i = 0; i < 500; i++) {
        wire = attached(GOOD, image);
        coil_wire_free(wire);
    }
    await_status("sessions 0");
    sleep_ms(50);
    assert_int_equal(count_daemon_fds(fixture), fds);
}

/* Programs that end at every point of attaching. */
static void programs_that_go_away_leave_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct image *image = make_image("plugin", "");
    struct coil_wire *wire = attached(GOOD, image);
    unsigned fds;

    coil_wire_free(wire);
    await_status("sessions 0");
    sleep_ms(50);
    fds = count_daemon_fds(fixture);
    for (int i = 0; i < 200; i++) {
        wire = client();
        post(wire, attach_message(i % 2 ? GOOD : SLOW, image));
        if (i % 3 == 0)
            sleep_ms(i % 4);
        coil_wire_free(wire);
    }
    await_status("programs: 0");
    sleep_ms(1500);
    assert_null(strstr(status_report(), "session:"));
    sleep_ms(50);
    /* The slow worker has a link and a pidfd. */
    assert_int_equal(count_daemon_fds(fixture), fds + 2);
}

static void garbage_harms_nobody(void **state)
{
    struct fixture *fixture = *state;
    static const char *const garbage[] = { "\xff\xff\xff\xff", "GET / HTTP/1.0\r\n\r\n", "\x05\0\0\0\xdf\xff\xff\xff\xff",
                                           "\x01\0\0\0\xc0" };
    static const size_t sizes[] = { 4, 18, 9, 5 };
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *good = attached(GOOD, make_image("plugin", ""));
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *halted = client();
    unsigned fds;

    sleep_ms(50);
    fds = count_daemon_fds(fixture);
    (void)!write(coil_wire_fd(halted), "\x10\0", 2); /* never sends the rest */
    for (unsigned i = 0; i < 200; i++) {
        COIL_CLEANUP(coil_fd_close) int fd = connect_raw();

        (void)!write(fd, garbage[i % 4], sizes[i % 4]);
        if (i < 4) {
            char answer[64];

            assert_true(read(fd, answer, sizeof answer) > 0); /* told why */
        }
    }
    assert_int_equal(module(good, make_image("other", "")), COIL_MESSAGE_DONE);
    await_status("programs: 1");
    sleep_ms(50);
    assert_int_equal(count_daemon_fds(fixture), fds);
    assert_true(log_has("is disconnected: a message came whose length is impossible"));
}

static void another_user_is_turned_away(void **state)
{
    pid_t child;
    int status;

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(path_of("sock"), 0666), 0);
    assert_int_equal(chmod(prefix, 0711), 0);
    child = fork();
    if (child == 0) {
        struct coil_wire *wire;
        struct coil_wire_message got = COIL_WIRE_MESSAGE_INIT;
        struct coil_message message = { .type = COIL_MESSAGE_STOP, .version = "" };

        if (setuid(65534) < 0 || coil_wire_new(connect_raw(), &wire) < 0)
            _exit(1);
        if (coil_wire_call(wire, &message, NULL, &got, TIMEOUT_MS, NULL) < 0)
            _exit(2);
        _exit(got.message.code == COIL_REFUSED_IDENTITY && strstr(got.message.text, "65534") ? 0 : 3);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(log_has("uid 65534 is turned away"));
    assert_int_equal(chmod(prefix, 0700), 0);
}

/* ---- workers that die ---- */

static void a_killed_worker_is_replaced(void **state)
{
    const struct image *image = make_image("plugin", "");
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *first = attached(GOOD, image);
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *second = NULL;
    COIL_CLEANUP(coil_fd_close) int pidfd = fcntl(reply.fds[3], F_DUPFD_CLOEXEC, 3);
    uint64_t generation = reply.message.generation;

    (void)state;
    assert_int_equal(kill((pid_t)reply.message.pid, SIGKILL), 0);
    assert_true(is_dead(pidfd, TIMEOUT_MS));
    /* At once: the daemon may not have noticed yet. */
    second = attached(GOOD, image);
    assert_int_equal(reply.message.generation, generation + 1);
    assert_eof(first);
    assert_true(log_has("generation 1 (pid .*) died: signal 9"));
}

static void pending_requests_fail_when_the_worker_dies(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = attached(GOOD, make_image("plugin", ""));
    pid_t worker = (pid_t)reply.message.pid;
    uint64_t session = reply.message.session;

    (void)state;
    assert_int_equal(kill(worker, SIGSTOP), 0);
    post(wire, (struct coil_message){ .type = COIL_MESSAGE_CHANNEL, .request = 5, .session = session, .channel = 1 });
    await_status("programs: 1");
    assert_int_equal(kill(worker, SIGKILL), 0);
    assert_int_equal(await_reply(wire), COIL_MESSAGE_FAILED);
    assert_int_equal(reply.message.request, 5);
    assert_failed(COIL_REFUSED_OTHER, "the worker died");
    assert_eof(wire);
}

static void a_worker_that_cannot_start_says_why(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();
    const struct image *image = make_image("plugin", "");
    struct timespec begin;
    struct timespec end;

    (void)state;
    (void)attach(wire, BROKEN, image);
    assert_failed(COIL_REFUSED_NO_PYTHON, "there is no Python at all");
    (void)attach(wire, CRASHING, image);
    assert_failed(COIL_REFUSED_NO_PYTHON, "signal 9");
    assert_non_null(strstr(reply.message.text, "sock.log"));
    /* Again and again: delayed, but never for long. */
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < 6; i++) {
        (void)attach(wire, CRASHING, image);
        assert_failed(COIL_REFUSED_NO_PYTHON, "signal 9");
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    assert_in_range(end.tv_sec - begin.tv_sec, 0, 5);
    assert_int_equal(attach(wire, GOOD, image), COIL_MESSAGE_ATTACHED);
}

static void a_worker_that_dies_under_an_attaching_program(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = client();

    (void)state;
    (void)attach(wire, DYING, make_image("plugin", ""));
    assert_failed(COIL_REFUSED_OTHER, "several times");
    (void)attach(wire, GARBAGE, make_image("plugin", ""));
    assert_failed(COIL_REFUSED_OTHER, "several times");
    assert_true(log_has("is killed: a message came whose length is impossible"));
    assert_int_equal(attach(wire, GOOD, make_image("plugin", "")), COIL_MESSAGE_ATTACHED);
}

static void a_slow_worker_holds_up_nobody_else(void **state)
{
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *slow = client();
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *quick = NULL;
    const struct image *image = make_image("plugin", "");

    (void)state;
    quick = attached(GOOD, image);
    post(slow, attach_message(SLOW, image));
    for (int i = 0; i < 20; i++) {
        COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = attached(GOOD, image);
    }
    assert_non_null(strstr(status_report(), "starting"));
    assert_int_equal(await_reply(slow), COIL_MESSAGE_ATTACHED);
}

/* ---- the end ---- */

static void coilctl_stops_everything(void **state)
{
    struct fixture *fixture = *state;
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *good = attached(GOOD, make_image("plugin", ""));
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *stubborn = attached(STUBBORN, make_image("plugin", ""));
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *starting = client();
    COIL_CLEANUP(coil_fd_close) int pidfd = fcntl(reply.fds[3], F_DUPFD_CLOEXEC, 3);

    post(starting, attach_message(SLOW, make_image("plugin", "")));
    run("%s/coilctl status | grep -q 'programs: [23], workers: [23]'", programs);
    run("%s/coilctl stop", programs);
    assert_true(is_dead(pidfd, 0));
    assert_nothing_left();
    assert_int_equal(wait_for(fixture->daemon), 0);
    fixture->daemon = 0;
    assert_eof(good);
    assert_eof(stubborn);
    run("%s/coilctl status 2>&1 | grep -q 'no daemon is running at %s/sock'", programs, prefix);
    run("! %s/coilctl stop 2>/dev/null", programs);
    run("%s/coilctl --version | grep -q %s", programs, COIL_VERSION);
    run("! %s/coilctl dance 2>/dev/null", programs);
}

static void a_signal_stops_everything(void **state)
{
    struct fixture *fixture = *state;
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = attached(GOOD, make_image("plugin", ""));
    COIL_CLEANUP(coil_fd_close) int pidfd = fcntl(reply.fds[3], F_DUPFD_CLOEXEC, 3);

    assert_int_equal(kill(fixture->daemon, SIGINT), 0);
    assert_int_equal(wait_for(fixture->daemon), 0);
    fixture->daemon = 0;
    assert_true(is_dead(pidfd, 0));
    assert_eof(wire);
}

static void an_idle_daemon_leaves(void **state)
{
    struct fixture *fixture = *state;
    static const char *const options[] = { "--idle-timeout", "1", NULL };
    COIL_CLEANUP(coil_wire_freep) struct coil_wire *wire = NULL;
    char said[256];

    (void)kill(fixture->daemon, SIGTERM);
    assert_int_equal(wait_for(fixture->daemon), 0);
    fixture->daemon = start(said, sizeof said, options);
    assert_string_equal(said, "ready\n");
    wire = attached(GOOD, make_image("plugin", ""));
    sleep_ms(1300);
    assert_int_equal(kill(fixture->daemon, 0), 0); /* a program is there */
    coil_wire_freep(&wire);
    assert_int_equal(wait_for(fixture->daemon), 0);
    fixture->daemon = 0;
    assert_true(log_has("no program for a long time"));
}

static void a_second_daemon_finds_the_first(void **state)
{
    char said[256];

    (void)state;
    assert_int_equal(wait_for(start(said, sizeof said, NULL)), 0);
    assert_string_equal(said, "ready\n");
    assert_non_null(strstr(status_report(), "workers: 0"));
}

/* Killed, so that socket and lock stay; then several start at once, one becomes the daemon, and the others find it. */
static void a_stale_socket_is_replaced(void **state)
{
    struct fixture *fixture = *state;
    char command[2 * sizeof programs + 1024];

    assert_int_equal(kill(fixture->daemon, SIGKILL), 0);
    (void)wait_for(fixture->daemon);
    fixture->daemon = 0;
    (void)snprintf(command, sizeof command, "for i in 1 2 3 4 5 6; do %s/bin/coild & done 2>/dev/null; "
                   "until '%s/coilctl' status >/dev/null 2>&1; do sleep 0.01; done; "
                   "sleep 0.2; '%s/coilctl' stop && wait", prefix, programs, programs);
    assert_int_equal(system(command), 0);
}

static void refuse_start(const char *const *options, const char *words)
{
    char said[2048];
    int status = wait_for(start(said, sizeof said, options));

    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    if (!strstr(said, words))
        fail_msg("expected \"%s\" in \"%s\"", words, said);
    assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1); /* one line */
}

static void a_start_that_fails_says_why(void **state)
{
    (void)state;
    run("cd %s && mkdir runtime runtime/coil && chmod 755 runtime/coil && touch file && chmod 700 runtime", prefix);
    refuse_start((const char *const[]){ "--socket", path_of("no/sock"), NULL }, "its folder does not exist");
    refuse_start((const char *const[]){ "--socket", "/proc/self/sock", NULL }, "set COIL_SOCKET");
    refuse_start((const char *const[]){ "--socket", path_of("file"), NULL }, "is not a socket");
    refuse_start((const char *const[]){ "--socket", "", NULL }, "is empty");
    refuse_start((const char *const[]){ "--idle-timeout", "soon", NULL }, "needs a number");
    refuse_start((const char *const[]){ "--socket",
                 "/tmp/01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x",
                 NULL }, "longer than 107 bytes");
    refuse_start((const char *const[]){ "--log", "/proc/no/log", "--socket", path_of("other"), NULL },
                 "cannot open the log file");
    (void)unsetenv("COIL_SOCKET");
    (void)setenv("XDG_RUNTIME_DIR", path_of("runtime"), 1);
    refuse_start(NULL, "open to other users (mode 0755): run chmod 700");
    run("cd %s && rmdir runtime/coil && ln -s /tmp runtime/coil", prefix);
    refuse_start(NULL, "is a symbolic link");
    run("cd %s && rm runtime/coil && touch runtime/coil", prefix);
    refuse_start(NULL, "is not a folder");
    run("cd %s && rm runtime/coil && mkdir -m 700 runtime/coil", prefix);
    if (geteuid() == 0) {
        run("chown 65534 %s/runtime/coil", prefix);
        refuse_start(NULL, "belongs to user 65534");
    }
    (void)setenv("XDG_RUNTIME_DIR", "/proc/self", 1);
    refuse_start(NULL, "cannot create the runtime folder /proc/self/coil");
    (void)unsetenv("XDG_RUNTIME_DIR");
    (void)setenv("COIL_SOCKET", path_of("sock"), 1);
    run("rm -rf %s/runtime %s/file", prefix, prefix);
}

/* Nothing of the starter is left in the daemon. */
static void the_daemon_is_clean(void **state)
{
    struct fixture *fixture = *state;
    char path[64];
    char target[256] = "";
    struct stat status;

    /* stdin, the log twice, lock, socket, spare, and libuv's own; no terminal, no pipe of ours. */
    for (int fd = 0; fd < 3; fd++) {
        memset(target, 0, sizeof target);
        (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)fixture->daemon, fd);
        assert_true(readlink(path, target, sizeof target - 1) > 0);
        assert_string_equal(target, fd == 0 ? "/dev/null" : path_of("sock.log"));
    }
    (void)snprintf(path, sizeof path, "/proc/%d/cwd", (int)fixture->daemon);
    memset(target, 0, sizeof target);
    assert_true(readlink(path, target, sizeof target - 1) > 0);
    assert_string_equal(target, "/");
    assert_int_equal(getsid(fixture->daemon), fixture->daemon);
    assert_int_equal(stat(path_of("sock"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(stat(path_of("sock.log"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_daemon_is_clean),
        TEST(a_program_attaches_once_for_all),
        TEST(what_is_certain_to_be_used_is_reserved),
        TEST(modules_meet_or_conflict),
        TEST(requests_of_one_connection_are_answered_in_order),
        TEST(environments_do_not_share),
        TEST(descriptors_are_checked),
        TEST(another_version_is_refused),
        TEST(what_needs_a_session_says_so),
        TEST(many_programs_at_once),
        TEST(attaching_leaves_nothing),
        TEST(programs_that_go_away_leave_nothing),
        TEST(garbage_harms_nobody),
        TEST(another_user_is_turned_away),
        TEST(a_killed_worker_is_replaced),
        TEST(pending_requests_fail_when_the_worker_dies),
        TEST(a_worker_that_cannot_start_says_why),
        TEST(a_worker_that_dies_under_an_attaching_program),
        TEST(a_slow_worker_holds_up_nobody_else),
        TEST(coilctl_stops_everything),
        TEST(a_signal_stops_everything),
        TEST(an_idle_daemon_leaves),
        TEST(a_second_daemon_finds_the_first),
        TEST(a_stale_socket_is_replaced),
        cmocka_unit_test(a_start_that_fails_says_why),
    };
    int r;

    if (argc == 5 && strcmp(argv[1], "--link-fd") == 0)
        return be_worker(argv[4]);
    r = cmocka_run_group_tests(tests, install, uninstall);
    coil_wire_message_deinit(&reply);
    return r;
}
