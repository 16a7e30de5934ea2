/*
 * Where the daemon's socket is, for both sides: the program that looks for the
 * daemon and the daemon that is about to listen must find the same place.
 *
 *     $COIL_SOCKET, else $XDG_RUNTIME_DIR/coil/coild.sock, else /tmp/coil-UID/coild.sock
 */
#ifndef COIL_SOCKET_PATH_H
#define COIL_SOCKET_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/error.h"

#define COIL_SOCKET_PATH_MAX 108 /* bytes of a socket's path, with its NUL */
#define COIL_SOCKET_PATH_SYSTEM "/run/coil/coild.sock" /* of the machine's daemon, coild --system */

/*
 * Writes the absolute path into `ret` (`size` >= COIL_SOCKET_PATH_MAX).
 * *ret_private_folder: the socket's folder is coil's own, so that the daemon
 * creates it and insists on its owner and mode; with COIL_SOCKET it is the
 * user's.  Reads the environment with secure_getenv().  -ENAMETOOLONG with
 * words.
 */
int coil_socket_path(char *ret, size_t size, bool *ret_private_folder, struct coil_error *error);

/*
 * Makes a path that the user gave absolute, against the current folder.
 * -ENAMETOOLONG with words; `what` names its origin.
 */
int coil_socket_path_resolve(const char *path, const char *what, char *ret, size_t size, struct coil_error *error);

#endif
