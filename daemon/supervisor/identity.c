/*
 * Names of users and groups.
 *
 * Purpose: the C library answers getpwnam() with code that the machine's administrator has chosen: modules that read
 * directories, talk to servers, start threads.  None of that belongs into the process that guards everything else, so
 * getent asks, once, when the configuration is read.  Numbers need nobody.
 *
 * Called by config.c, main thread, which waits meanwhile: for five seconds at most.
 */
#include "daemon/supervisor/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/cleanup.h"
#include "proto/clock.h"
#include "proto/poll.h"

#define GETENT "/usr/bin/getent"
#define TIMEOUT_MS 5000
#define ID_MAX (UINT32_MAX - 1) /* the last one means "none" to the kernel */

extern char **environ;

/* Starts it with its stdout in *ret_fd. */
static int start(const char *name, bool is_group, pid_t *ret_pid, int *ret_fd)
{
    char *const arguments[] = { "getent", is_group ? "group" : "passwd", "--", (char *)(uintptr_t)name, NULL };
    COIL_CLEANUP(coil_fd_close) int output = -1;
    posix_spawn_file_actions_t actions;
    int fds[2];
    int r;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    output = fds[1];
    r = posix_spawn_file_actions_init(&actions);
    if (r == 0) {
        r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        if (r == 0)
            r = posix_spawn(ret_pid, GETENT, &actions, NULL, arguments, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    if (r != 0) {
        (void)close(fds[0]);
        return -r;
    }
    *ret_fd = fds[0];
    return 0;
}

/* Reads until the end, or until it has been long enough. */
static int read_all(int fd, char *ret_text, size_t size)
{
    int64_t end_ms = coil_clock_ms() + TIMEOUT_MS;
    size_t used = 0;

    for (;;) {
        int64_t left_ms = end_ms - coil_clock_ms();
        int r = coil_poll(fd, POLLIN, left_ms > 0 ? (int)left_ms : 0);
        char rest[256];
        ssize_t got;

        if (r == -EINTR)
            continue;
        if (r <= 0)
            return r < 0 ? r : -ETIMEDOUT;
        /* What does not fit, such as the members of a large group, is read all the same, so that nobody waits. */
        got = used < size - 1 ? read(fd, ret_text + used, size - 1 - used) : read(fd, rest, sizeof rest);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        if (used < size - 1)
            used += (size_t)got;
    }
    ret_text[used] = '\0';
    return 0;
}

/* "name:x:1000:..." */
static int parse_entry(char *text, uint32_t *ret_id)
{
    char *rest = text;
    char *end;
    unsigned long id;

    (void)strsep(&rest, ":");
    (void)strsep(&rest, ":");
    if (!rest || *rest < '0' || *rest > '9')
        return -ENOENT;
    errno = 0;
    id = strtoul(rest, &end, 10);
    if (errno || (*end && *end != ':' && *end != '\n') || id > ID_MAX)
        return -ENOENT;
    *ret_id = (uint32_t)id;
    return 0;
}

static int ask(const char *name, bool is_group, uint32_t *ret_id, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int fd = -1;
    const char *kind = is_group ? "group" : "user";
    char text[1024] = "";
    pid_t pid;
    int r = start(name, is_group, &pid, &fd);

    if (r < 0)
        return coil_error_set(error, r, "the %s \"%.100s\" cannot be looked up: %s: %s; write its number", kind, name,
                              GETENT, strerror(-r));
    r = read_all(fd, text, sizeof text);
    if (r < 0)
        (void)kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (r < 0)
        return coil_error_set(error, r, "the %s \"%.100s\" could not be looked up within %d seconds: write its number",
                              kind, name, TIMEOUT_MS / 1000);
    r = parse_entry(text, ret_id);
    return r < 0 ? coil_error_set(error, r, "there is no %s \"%.100s\"", kind, name) : 0;
}

int coil_identity_resolve(const char *text, bool is_group, uint32_t *ret_id, struct coil_error *error)
{
    char *end;
    unsigned long id;

    if (*text < '0' || *text > '9')
        return ask(text, is_group, ret_id, error);
    errno = 0;
    id = strtoul(text, &end, 10);
    if (errno || *end || id > ID_MAX)
        return coil_error_set(error, -EINVAL, "\"%.100s\" is neither the number nor the name of a %s", text,
                              is_group ? "group" : "user");
    *ret_id = (uint32_t)id;
    return 0;
}
