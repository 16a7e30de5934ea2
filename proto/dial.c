/*
 * Connecting to the daemon.
 *
 * The socket's path comes from the environment, so who listens there is asked of the
 * kernel (SO_PEERCRED) before a word is said.  Callers: client/remote/attach.c,
 * daemon/ctl.
 */
#include "proto/dial.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/cleanup.h"
#include "proto/socket_path.h"

/*
 * Was the socket's folder given to this user, by root or by whoever asks?  Whoever may make folders beside it could
 * have given it to himself.
 */
static bool is_folders_owner(const char *path, uid_t uid)
{
    char folder[COIL_SOCKET_PATH_MAX + 4];
    struct stat own, parent;

    (void)snprintf(folder, sizeof folder, "%s", path);
    (void)dirname(folder);
    if (lstat(folder, &own) < 0)
        return false;
    (void)strcat(folder, "/..");
    return lstat(folder, &parent) == 0 && S_ISDIR(own.st_mode) && own.st_uid == uid && !(own.st_mode & 0022) &&
           (parent.st_uid == 0 || parent.st_uid == geteuid()) && !(parent.st_mode & 0022);
}

static int check_listener(int fd, const char *path, bool is_named, struct ucred *ret_peer, struct coil_error *error)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return coil_error_set(error, -errno, "cannot find out who listens at %s: %s", path, strerror(errno));
    if (peer.uid != geteuid() && peer.uid != 0 && !(is_named && is_folders_owner(path, peer.uid)))
        return coil_error_set(error, -EACCES,
                              "the daemon at %s belongs to user %ld and not to user %ld, so it is not used: "
                              "set COIL_SOCKET to a path of your own",
                              path, (long)peer.uid, (long)geteuid());
    if (ret_peer)
        *ret_peer = peer;
    return 0;
}

int coil_dial(const char *path, bool is_named, int *ret_fd, struct ucred *ret_peer, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int fd = -1;
    COIL_CLEANUP(coil_fd_close) int low = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int r;

    if (strlen(path) >= sizeof address.sun_path)
        return coil_error_set(error, -ENAMETOOLONG, "the socket's path is too long: %s", path);
    strcpy(address.sun_path, path);
    /* A program may have closed its standard streams; what it prints must not reach the daemon. */
    fd = low > STDERR_FILENO || low < 0 ? coil_steal_fd(&low) : fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (fd < 0)
        return coil_error_set(error, -errno, "cannot create a socket: %s", strerror(errno));
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return coil_error_set(error, -errno,
                              errno == ENOENT || errno == ECONNREFUSED ? "no daemon is running at %s"
                                                                       : "the daemon at %s cannot be reached: %s",
                              path, strerror(errno));
    r = check_listener(fd, path, is_named, ret_peer, error);
    if (r < 0)
        return r;
    *ret_fd = coil_steal_fd(&fd);
    return 0;
}
