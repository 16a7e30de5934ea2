/* The folder of the socket: who may be the daemon there, and the listening socket itself. */
#ifndef COIL_SUPERVISOR_RUNTIME_DIR_H
#define COIL_SUPERVISOR_RUNTIME_DIR_H

#include <stdbool.h>

#include "proto/error.h"
#include "proto/socket_path.h"

#define COIL_RUNTIME_DIR_BACKLOG 1024 /* programs that wait to be let in */

struct coil_runtime_dir {
    char socket_path[COIL_SOCKET_PATH_MAX];
    char lock_path[COIL_SOCKET_PATH_MAX + 8];
    int lock_fd;   /* locked as long as the daemon lives; -1 if the socket is a service manager's (activation.c) */
    int listen_fd; /* -1 once it has stopped listening */
    bool bound;    /* the socket file is ours */
    bool is_public; /* every user may connect */
};

/*
 * Becomes the daemon at runtime->socket_path: makes or checks the folder, takes
 * the lock, removes a stale socket, listens.  `runtime` was zeroed but for
 * socket_path and is_public.  0; 1 if another daemon serves there already; a negative errno
 * with words.  May wait a few seconds for a daemon that is just stopping.
 */
int coil_runtime_dir_acquire(struct coil_runtime_dir *runtime, bool private_folder, struct coil_error *error);

/* Stops listening and removes the socket; the lock stays. */
void coil_runtime_dir_unlisten(struct coil_runtime_dir *runtime);

/* Removes what is left and gives up the lock. */
void coil_runtime_dir_release(struct coil_runtime_dir *runtime);

#endif
