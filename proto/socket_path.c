/*
 * Where the daemon's socket is.
 *
 * Purpose: one answer for client, coilctl and coild.  The address of a Unix socket
 * holds 108 bytes, which long temporary folders exceed, so that length is checked
 * here, where the origin of the path is still known.
 *
 * Any thread; nothing is allocated.
 */
#include "proto/socket_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

_Static_assert(COIL_SOCKET_PATH_MAX == sizeof(((struct sockaddr_un *)0)->sun_path), "length of a socket's path");

static int too_long(const char *path, const char *what, struct coil_error *error)
{
    return coil_error_set(error, -ENAMETOOLONG,
                          "the socket path from %s is longer than %d bytes: \"%.120s...\"; "
                          "set COIL_SOCKET to a shorter one",
                          what, COIL_SOCKET_PATH_MAX - 1, path);
}

int coil_socket_path_resolve(const char *path, const char *what, char *ret, size_t size, struct coil_error *error)
{
    char folder[COIL_SOCKET_PATH_MAX];
    int used;

    if (*path == '\0')
        return coil_error_set(error, -EINVAL, "the socket path from %s is empty", what);
    if (*path == '/') {
        used = snprintf(ret, size, "%s", path);
    } else {
        while (strncmp(path, "./", 2) == 0)
            path += 2;
        if (!getcwd(folder, sizeof folder))
            return errno == ERANGE ? too_long(path, what, error)
                                   : coil_error_set(error, -errno,
                                                    "cannot find the current folder for the socket "
                                                    "path from %s: %s",
                                                    what, strerror(errno));
        used = snprintf(ret, size, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, path);
    }
    if (used < 0 || (size_t)used >= size || used >= COIL_SOCKET_PATH_MAX)
        return too_long(path, what, error);
    return 0;
}

int coil_socket_path(char *ret, size_t size, bool *ret_private_folder, struct coil_error *error)
{
    const char *chosen = secure_getenv("COIL_SOCKET");
    const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
    char path[COIL_SOCKET_PATH_MAX * 2];
    int used;
    int r;

    if (chosen && *chosen) {
        r = coil_socket_path_resolve(chosen, "COIL_SOCKET", ret, size, error);
        if (r == 0)
            *ret_private_folder = false;
        return r;
    }
    if (runtime && *runtime == '/')
        used = snprintf(path, sizeof path, "%s/coil/coild.sock", runtime);
    else
        used = snprintf(path, sizeof path, "/tmp/coil-%u/coild.sock", (unsigned)geteuid());
    if (used < 0 || (size_t)used >= sizeof path)
        return too_long(path, "XDG_RUNTIME_DIR", error);
    r = coil_socket_path_resolve(path, "XDG_RUNTIME_DIR", ret, size, error);
    if (r == 0)
        *ret_private_folder = true;
    return r;
}
