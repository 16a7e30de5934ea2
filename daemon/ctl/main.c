/*
 * coilctl, for people who want to know what their daemon does, or want it gone.
 *
 * Purpose: one question to the daemon at the socket that programs would use too.
 * It never starts a daemon.  A socket may have been put there by someone else, so
 * the server's user is checked before anything is said.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/cleanup.h"
#include "proto/dial.h"
#include "proto/socket_path.h"
#include "proto/version.h"
#include "proto/wire.h"

#define STATUS_TIMEOUT_MS 5000
#define STOP_TIMEOUT_MS 30000
#define RELOAD_TIMEOUT_MS 150000 /* longer than the daemon waits for new generations, twice */

static void print_help(void)
{
    (void)puts("usage: coilctl COMMAND\n"
               "\n"
               "Looks at coil's daemon, reloads or stops it.\n"
               "\n"
               "  status  show the daemon, its workers and modules, and the programs\n"
               "  reload  start new workers in place of those in use, as soon as they have the same modules\n"
               "          open; programs follow, unless they hold something of the old one.  What had been\n"
               "          refused after crashes is tried again\n"
               "  stop    end the daemon and its workers, and wait until they have gone\n"
               "\n"
               "  -h, --help     print this\n"
               "  -V, --version  print the version\n"
               "\n"
               "The daemon is the one at $COIL_SOCKET, else at $XDG_RUNTIME_DIR/coil/coild.sock,\n"
               "else at /tmp/coil-UID/coild.sock.  coilctl(1) says more.");
}

/* The daemon that was reached, and its process. */
struct daemon {
    char path[COIL_SOCKET_PATH_MAX];
    struct coil_wire *wire;
    int pidfd; /* -1 if it cannot be watched */
};

static void daemon_deinit(struct daemon *daemon)
{
    coil_wire_freep(&daemon->wire);
    coil_fd_close(&daemon->pidfd);
}

static int daemon_connect(struct daemon *daemon, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int fd = -1;
    bool private_folder;
    pid_t pid;
    int r = coil_socket_path(daemon->path, sizeof daemon->path, &private_folder, error);

    if (r == 0)
        r = coil_dial(daemon->path, &fd, &pid, error);
    if (r < 0)
        return r;
    daemon->pidfd = pidfd_open(pid, 0);
    r = coil_wire_new(coil_steal_fd(&fd), &daemon->wire);
    return r < 0 ? coil_error_set(error, r, "no memory") : 0;
}

/* 0 and an answer of the expected type, or a negative errno with words. */
static int ask(struct daemon *daemon, enum coil_message_type question, enum coil_message_type expected, int timeout_ms,
               struct coil_wire_message *ret_answer, struct coil_error *error)
{
    COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message answer = COIL_WIRE_MESSAGE_INIT;
    struct coil_message message = {
        .type = question, .request = 1, .protocol = COIL_PROTOCOL, .version = COIL_VERSION
    };
    int r = coil_wire_call(daemon->wire, &message, NULL, &answer, timeout_ms, error);

    if (r < 0) {
        (void)coil_error_prepend(error, "the daemon at %s", daemon->path);
        return r;
    }
    if (answer.message.type == COIL_MESSAGE_FAILED && question == COIL_MESSAGE_RELOAD) {
        (void)fputs(answer.message.text, stdout);
        return coil_error_set(error, -EPERM, "not all of it could be reloaded: what failed goes on as it was");
    }
    if (answer.message.type == COIL_MESSAGE_FAILED)
        return coil_error_set(error, -EPERM, "the daemon at %s refused: %s", daemon->path, answer.message.text);
    if (answer.message.type != expected)
        return coil_error_set(error, -EBADMSG,
                              "the daemon at %s gave an answer that makes no sense: is it of another "
                              "version than coilctl %s?",
                              daemon->path, COIL_VERSION);
    *ret_answer = answer;
    answer = (struct coil_wire_message)COIL_WIRE_MESSAGE_INIT;
    return 0;
}

static int run_status(struct daemon *daemon, struct coil_error *error)
{
    COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message answer = COIL_WIRE_MESSAGE_INIT;
    int r = ask(daemon, COIL_MESSAGE_STATUS, COIL_MESSAGE_REPORT, STATUS_TIMEOUT_MS, &answer, error);

    if (r == 0)
        (void)fputs(answer.message.text, stdout);
    return r;
}

/* What came of it, line by line; a failure if any of it was one. */
static int run_reload(struct daemon *daemon, struct coil_error *error)
{
    COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message answer = COIL_WIRE_MESSAGE_INIT;
    int r = ask(daemon, COIL_MESSAGE_RELOAD, COIL_MESSAGE_REPORT, RELOAD_TIMEOUT_MS, &answer, error);

    if (r == 0)
        (void)fputs(answer.message.text, stdout);
    return r;
}

/*
 * A service manager may have opened the socket, and is whom the first connection seems to lead to.  Once the daemon has
 * answered it listens itself, and a second connection leads to its own process.
 */
static int find_process(struct daemon *daemon, struct coil_error *error)
{
    COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message answer = COIL_WIRE_MESSAGE_INIT;
    int r = ask(daemon, COIL_MESSAGE_STATUS, COIL_MESSAGE_REPORT, STATUS_TIMEOUT_MS, &answer, error);

    if (r < 0)
        return r;
    daemon_deinit(daemon);
    return daemon_connect(daemon, error);
}

/* The daemon answers when everything else has gone; then its own process ends. */
static int run_stop(struct daemon *daemon, struct coil_error *error)
{
    COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message answer = COIL_WIRE_MESSAGE_INIT;
    struct pollfd death = { .events = POLLIN };
    int r = find_process(daemon, error);

    if (r == 0)
        r = ask(daemon, COIL_MESSAGE_STOP, COIL_MESSAGE_DONE, STOP_TIMEOUT_MS, &answer, error);
    /* A daemon that was stopping already may close without an answer. */
    if (r < 0 && r != -EPIPE)
        return r;
    if (daemon->pidfd < 0)
        return 0;
    death.fd = daemon->pidfd;
    do
        r = poll(&death, 1, STOP_TIMEOUT_MS);
    while (r < 0 && errno == EINTR);
    if (r == 0)
        return coil_error_set(error, -ETIMEDOUT, "the daemon at %s has not ended within %d s", daemon->path,
                              STOP_TIMEOUT_MS / 1000);
    return 0;
}

typedef int run_fn(struct daemon *daemon, struct coil_error *error);

static run_fn *find_command(const char *name)
{
    static const struct {
        const char *name;
        run_fn *run;
    } commands[] = { { "status", run_status }, { "reload", run_reload }, { "stop", run_stop } };

    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run;
    return NULL;
}

/* The command line is none. */
static void complain(int argc, char **argv)
{
    const char *what = "status, reload or stop: see coilctl --help";

    if (argc < 2)
        (void)fprintf(stderr, "coilctl: say what to do, %s\n", what);
    else if (argc > 2 && find_command(argv[1]))
        (void)fprintf(stderr, "coilctl: %s takes nothing behind it, not \"%s\": see coilctl --help\n", argv[1],
                      argv[2]);
    else
        (void)fprintf(stderr, "coilctl: there is no command \"%s\", but %s\n", argv[1], what);
}

int main(int argc, char **argv)
{
    COIL_CLEANUP(daemon_deinit) struct daemon daemon = { .pidfd = -1 };
    const char *command = argc == 2 ? argv[1] : "";
    struct coil_error error;
    run_fn *run;
    int r;

    if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0) {
        print_help();
        return 0;
    }
    if (strcmp(command, "--version") == 0 || strcmp(command, "-V") == 0) {
        (void)printf("coilctl %s\n", COIL_VERSION);
        return 0;
    }
    run = find_command(command);
    if (!run) {
        complain(argc, argv);
        return 2;
    }
    r = daemon_connect(&daemon, &error);
    if (r == 0)
        r = run(&daemon, &error);
    if (r < 0) {
        (void)fprintf(stderr, "coilctl: %s\n", error.text);
        return 1;
    }
    return 0;
}
