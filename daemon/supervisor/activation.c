/*
 * Socket activation, as sd_listen_fds(3) documents it: a service manager listens, and starts the daemon when the first
 * program comes.
 *
 * The kernel tells programs whose process it was that called listen(), and they ask before they say a word.  So the
 * daemon calls it once more: from then on they see the daemon.  Who connected before sees the service manager, which is
 * root, or the same user.
 *
 * Called by main.c, before there are threads or handles.
 */
#include "daemon/supervisor/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The whole number that a variable has; -1 if it has none. */
static long number_of(const char *name)
{
    const char *text = getenv(name);
    char *end;
    long number;

    if (!text || !*text)
        return -1;
    errno = 0;
    number = strtol(text, &end, 10);
    return errno || *end ? -1 : number;
}

int coil_activation_count(struct coil_error *error)
{
    bool is_ours = number_of("LISTEN_PID") == getpid();
    long count = number_of("LISTEN_FDS");

    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    if (!is_ours || count <= 0)
        return 0;
    if (count > 1)
        return coil_error_set(error, -EINVAL,
                              "coild listens at one socket, and has been handed %ld: let its socket unit have a single "
                              "ListenStream=",
                              count);
    return 1;
}

static int option_of(int fd, int option)
{
    int value = -1;
    socklen_t size = sizeof value;

    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

int coil_activation_adopt(struct coil_runtime_dir *runtime, struct coil_error *error)
{
    const int fd = COIL_ACTIVATION_FD;
    struct sockaddr_un address = { 0 };
    socklen_t size = sizeof address;

    runtime->lock_fd = -1;
    runtime->listen_fd = -1;
    if (option_of(fd, SO_DOMAIN) != AF_UNIX || option_of(fd, SO_TYPE) != SOCK_STREAM ||
        option_of(fd, SO_ACCEPTCONN) != 1)
        return coil_error_set(error, -EINVAL,
                              "the socket that coild was handed is not a Unix stream socket that listens: let its "
                              "socket unit have ListenStream= with a path, and Accept=no");
    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return coil_error_set(error, -errno, "cannot find out where the socket is that coild was handed: %s",
                              strerror(errno));
    if (size <= offsetof(struct sockaddr_un, sun_path) || address.sun_path[0] != '/' ||
        strnlen(address.sun_path, sizeof address.sun_path) >= sizeof runtime->socket_path)
        return coil_error_set(error, -EINVAL,
                              "the socket that coild was handed has no path in the file system: programs would not "
                              "find it");
    strcpy(runtime->socket_path, address.sun_path);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
        listen(fd, COIL_RUNTIME_DIR_BACKLOG) < 0)
        return coil_error_set(error, -errno, "cannot listen at %s: %s", runtime->socket_path, strerror(errno));
    runtime->listen_fd = fd;
    return 0;
}
