/*
 * coilctl, for people who want to know what their daemon does, or want it gone.
 *
 * Purpose: the command line, and those commands that are one question to the daemon.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ctl/daemon.h"
#include "daemon/ctl/top.h"
#include "daemon/ctl/trace.h"
#include "proto/cleanup.h"
#include "proto/version.h"

#define STOP_TIMEOUT_MS 30000
#define RELOAD_TIMEOUT_MS 150000 /* longer than the daemon waits for new generations, twice */

static void print_help(void)
{
    (void)puts("usage: coilctl [--system] COMMAND\n"
               "\n"
               "Looks at coil's daemon, reloads or stops it.\n"
               "\n"
               "  status   show the daemon, its workers and modules, and the programs; --json: for programs\n"
               "  top      show what is going on, once a second, until it is interrupted; --once: once\n"
               "  metrics  print counters and gauges in the OpenMetrics text format\n"
               "  trace    print calls as they end, and workers as they start and die, until it is interrupted;\n"
               "           --module M, --function F, --pid P: only those calls\n"
               "  reload   start new workers in place of those in use, as soon as they have the same modules\n"
               "           open; programs follow, unless they hold something of the old one.  What had been\n"
               "           refused after crashes is tried again\n"
               "  stop     end the daemon and its workers, and wait until they have gone\n"
               "\n"
               "  --system       the daemon that serves all users, at " COIL_SOCKET_PATH_SYSTEM "; for root and its user\n"
               "  -h, --help     print this\n"
               "  -V, --version  print the version\n"
               "\n"
               "The daemon is the one at $COIL_SOCKET, else at $XDG_RUNTIME_DIR/coil/coild.sock,\n"
               "else at /tmp/coil-UID/coild.sock.  coilctl(1) says more.");
}

/* One question, and the text that answers it. */
static int print(struct coil_daemon *daemon, enum coil_message_type question, const char *name,
                 struct coil_error *error)
{
    COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message answer = COIL_WIRE_MESSAGE_INIT;
    int r = coil_daemon_ask(daemon, question, name, COIL_MESSAGE_REPORT, COIL_DAEMON_STATUS_TIMEOUT_MS, &answer, error);

    if (r == 0)
        (void)fputs(answer.message.text, stdout);
    return r;
}

static int run_status(struct coil_daemon *daemon, struct coil_error *error)
{
    return print(daemon, COIL_MESSAGE_STATUS, NULL, error);
}

static int run_json(struct coil_daemon *daemon, struct coil_error *error)
{
    return print(daemon, COIL_MESSAGE_STATISTICS, "json", error);
}

static int run_metrics(struct coil_daemon *daemon, struct coil_error *error)
{
    return print(daemon, COIL_MESSAGE_STATISTICS, "metrics", error);
}

/* What came of it, line by line; a failure if any of it was one. */
static int run_reload(struct coil_daemon *daemon, struct coil_error *error)
{
    COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message answer = COIL_WIRE_MESSAGE_INIT;
    int r = coil_daemon_ask(daemon, COIL_MESSAGE_RELOAD, NULL, COIL_MESSAGE_REPORT, RELOAD_TIMEOUT_MS, &answer, error);

    if (r == 0)
        (void)fputs(answer.message.text, stdout);
    return r;
}

/*
 * A service manager may have opened the socket, and is whom the first connection seems to lead to.  Once the daemon has
 * answered it listens itself, and a second connection leads to its own process.
 */
static int find_process(struct coil_daemon *daemon, struct coil_error *error)
{
    COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message answer = COIL_WIRE_MESSAGE_INIT;
    int r = coil_daemon_ask(daemon, COIL_MESSAGE_STATUS, NULL, COIL_MESSAGE_REPORT, COIL_DAEMON_STATUS_TIMEOUT_MS,
                            &answer, error);

    if (r < 0)
        return r;
    coil_daemon_deinit(daemon);
    return coil_daemon_connect(daemon, error);
}

/* The daemon answers when everything else has gone; then its own process ends. */
static int run_stop(struct coil_daemon *daemon, struct coil_error *error)
{
    COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message answer = COIL_WIRE_MESSAGE_INIT;
    struct pollfd death = { .events = POLLIN };
    int r = find_process(daemon, error);

    if (r == 0)
        r = coil_daemon_ask(daemon, COIL_MESSAGE_STOP, NULL, COIL_MESSAGE_DONE, STOP_TIMEOUT_MS, &answer, error);
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

typedef int run_fn(struct coil_daemon *daemon, struct coil_error *error);

/* What `words` after the program's name say; NULL: nothing that there is. */
static run_fn *find_command(int count, char **words)
{
    static const struct {
        const char *name;
        const char *option; /* NULL: none */
        run_fn *run;
    } commands[] = {
        { "status", NULL, run_status },     { "status", "--json", run_json }, { "top", NULL, coil_top_run },
        { "top", "--once", coil_top_once }, { "metrics", NULL, run_metrics }, { "reload", NULL, run_reload },
        { "stop", NULL, run_stop },
    };

    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (count == (commands[i].option ? 2 : 1) && strcmp(words[0], commands[i].name) == 0 &&
            (count == 1 || strcmp(words[1], commands[i].option) == 0))
            return commands[i].run;
    }
    return NULL;
}

/* The command line is none. */
static void complain(int argc, char **argv)
{
    const char *what = "status, top, metrics, trace, reload or stop: see coilctl --help";

    if (argc < 2)
        (void)fprintf(stderr, "coilctl: say what to do, %s\n", what);
    else if (argc > 2 && find_command(1, argv + 1))
        (void)fprintf(stderr, "coilctl: %s takes nothing of that kind behind it, \"%s\": see coilctl --help\n", argv[1],
                      argv[find_command(2, argv + 1) ? 3 : 2]);
    else
        (void)fprintf(stderr, "coilctl: there is no command \"%s\", but %s\n", argv[1], what);
}

int main(int argc, char **argv)
{
    COIL_CLEANUP(coil_daemon_deinit) struct coil_daemon daemon = COIL_DAEMON_INIT;
    const char *command = argc == 2 ? argv[1] : "";
    struct coil_error error;
    struct coil_trace_options trace = { 0 };
    bool is_trace = argc > 1 && strcmp(argv[1], "trace") == 0;
    run_fn *run;
    int r;

    if (argc > 1 && strcmp(argv[1], "--system") == 0) {
        daemon.is_systems = true;
        argc--;
        argv++;
        command = "";
    }
    if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0) {
        print_help();
        return 0;
    }
    if (strcmp(command, "--version") == 0 || strcmp(command, "-V") == 0) {
        (void)printf("coilctl %s\n", COIL_VERSION);
        return 0;
    }
    run = argc > 1 ? find_command(argc - 1, argv + 1) : NULL;
    if (is_trace && !coil_trace_parse(argc - 2, argv + 2, &trace))
        return 2;
    if (!is_trace && !run) {
        complain(argc, argv);
        return 2;
    }
    r = coil_daemon_connect(&daemon, &error);
    if (r == 0)
        r = is_trace ? coil_trace_run(&daemon, &trace, &error) : run(&daemon, &error);
    if (r < 0) {
        (void)fprintf(stderr, "coilctl: %s\n", error.text);
        return 1;
    }
    return 0;
}
