/*
 * Starting the daemon from within somebody else's program.
 *
 * The program must not notice: no SIGCHLD, no child to wait for, no fd, no
 * handler of its own run in a child.  So signals are held back meanwhile, the first child is made with clone() without
 * an exit signal (wait() does not see such children unless asked for), it makes the daemon its own child and ends, and
 * we wait for it alone.  Between clone() and exec() only async-signal-safe calls are made.  The daemon says through a
 * pipe that it listens, or why it does not.
 */
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>

#include "client/remote/remote.h"
#include "proto/cleanup.h"
#include "proto/clock.h"
#include "proto/fault.h"
#include "proto/location.h"
#include "proto/poll.h"

#define READY_TIMEOUT_MS 20000
#define READY_FD 3

/* What the daemon gets of the program's environment. */
static const char *const inherited[] = { "HOME", "LANG", "LC_ALL", "LC_CTYPE",        "LOGNAME",
                                         "PATH", "TZ",   "USER",   "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME",
                                         COIL_FAULT_VARIABLE };
#define INHERITED_COUNT (sizeof inherited / sizeof *inherited)

static void environment_free(char ***environment)
{
    for (char **e = *environment; e && *e; e++)
        free(*e);
    free(*environment);
}

static char **daemon_environment(void)
{
    COIL_CLEANUP(environment_free) char **environment = calloc(INHERITED_COUNT + 1, sizeof *environment);
    char **result;
    size_t count = 0;

    for (size_t i = 0; environment && i < INHERITED_COUNT; i++) {
        const char *value = secure_getenv(inherited[i]);

        if (value && asprintf(&environment[count], "%s=%s", inherited[i], value) < 0)
            return NULL;
        count += value != NULL;
    }
    result = environment;
    environment = NULL;
    return result;
}

/* fork() without handlers and without SIGCHLD when the child ends. */
static pid_t clone_quietly(void)
{
    return (pid_t)syscall(SYS_clone, 0, NULL, NULL, NULL, 0);
}

/* In the grandchild: becomes the daemon. */
static void become_daemon(const char *program, char *const *argv, char *const *environment, int ready)
{
    sigset_t none;
    int null;

    if (ready == READY_FD)
        (void)fcntl(ready, F_SETFD, 0);
    else
        (void)dup2(ready, READY_FD);
    null = open("/dev/null", O_RDWR);
    (void)setsid();
    for (int signal_number = 1; signal_number < NSIG; signal_number++)
        (void)signal(signal_number, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(null, STDOUT_FILENO);
    (void)dup2(null, STDERR_FILENO);
    (void)syscall(SYS_close_range, READY_FD + 1, ~0u, 0);
    (void)!chdir("/");
    COIL_FAULT("autostart.exec");
    (void)execve(program, argv, environment);
    _exit(127);
}

static int spawn(const char *program, char *const *argv, char *const *environment, int ready, struct coil_error *error)
{
    sigset_t all, before;
    pid_t child;
    int status = 0;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* the program's handlers must not run in the children */
    COIL_FAULT("autostart.clone");
    child = clone_quietly();
    if (child == 0) {
        pid_t daemon;

        COIL_FAULT("autostart.child");
        daemon = clone_quietly();

        if (daemon == 0)
            become_daemon(program, argv, environment, ready);
        _exit(daemon < 0);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (child < 0)
        return coil_error_set(error, -ECHILD, "%s cannot be started: %s", program, strerror(errno));
    while (waitpid(child, &status, __WALL) < 0 && errno == EINTR)
        ;
    if (status != 0)
        return coil_error_set(error, -ECHILD, "%s cannot be started: no process could be made for it", program);
    return 0;
}

/* Reads what the daemon says of its start: "ready", or why not. */
static int await_ready(int fd, const char *program, struct coil_error *error)
{
    char text[COIL_ERROR_TEXT_MAX];
    int64_t deadline_ms = coil_clock_ms() + coil_deadline_cut(READY_TIMEOUT_MS);
    size_t used = 0;

    while (used < sizeof text - 1) {
        int64_t left_ms = deadline_ms - coil_clock_ms();
        ssize_t got;
        int r = coil_poll(fd, POLLIN, left_ms > 0 ? (int)left_ms : 0);

        if (r == -EINTR)
            continue;
        if (r == 0 && coil_deadline_has_passed())
            return -ETIME;
        if (r == 0)
            return coil_error_set(error, -ETIMEDOUT, "%s did not start within %d seconds", program,
                                  READY_TIMEOUT_MS / 1000);
        got = read(fd, text + used, sizeof text - 1 - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    text[used] = '\0';
    text[strcspn(text, "\n")] = '\0';
    if (strcmp(text, "ready") == 0)
        return 0;
    return coil_error_set(error, -ECHILD, "the daemon did not start: %s", used ? text : "coild ended without a word");
}

int coil_autostart(const char *path, struct coil_error *error)
{
    COIL_CLEANUP(environment_free) char **environment = NULL;
    COIL_CLEANUP(coil_fd_close) int ready_read = -1;
    COIL_CLEANUP(coil_fd_close) int ready_write = -1;
    const char *allowed = secure_getenv("COIL_AUTOSTART");
    const char *disowned;
    char program[PATH_MAX];
    int fds[2];
    int r;

    if (allowed && strcmp(allowed, "0") == 0)
        return coil_error_set(error, -EPERM,
                              "no daemon listens at %s, and COIL_AUTOSTART=0 forbids to start one: start coild, or set "
                              "COIL_MODE=inprocess",
                              path);
    disowned = coil_environment_disowned();
    if (disowned)
        return coil_error_set(error, -EPERM, "no daemon listens at %s, and %s starts none: start coild as user %ld", path,
                              disowned, (long)geteuid());
    r = coil_location(COIL_DAEMON_FROM_LIB, program, sizeof program, error);
    if (r < 0)
        return r;
    environment = daemon_environment();
    if (!environment)
        return coil_error_set(error, -ENOMEM, "no memory to start the daemon");
    if (pipe2(fds, O_CLOEXEC) < 0)
        return coil_error_set(error, -errno, "no pipe to start the daemon: %s", strerror(errno));
    ready_read = fds[0];
    ready_write = fds[1];

    char *const argv[] = { "coild", "--socket", (char *)(uintptr_t)path, "--ready-fd", "3", NULL };
    r = spawn(program, argv, environment, ready_write, error);
    coil_fd_close(&ready_write);
    COIL_FAULT("autostart.spawned");
    return r < 0 ? r : await_ready(ready_read, program, error);
}
