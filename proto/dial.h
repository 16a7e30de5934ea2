/* Connecting to the daemon, for programs and for coilctl. */
#ifndef COIL_DIAL_H
#define COIL_DIAL_H

#include <stdbool.h>
#include <sys/socket.h>

#include "proto/error.h"

/*
 * A connection to whoever listens at `path`, CLOEXEC and above the standard streams.
 * The listener must be of this user or of root: it is trusted with calls.  With `is_named`, if somebody has said that the
 * daemon is there, it may also be of the user to whom the socket's folder was given.  *ret_peer is who
 * listens there; ret_peer may be NULL.  -ENOENT, -ECONNREFUSED: nobody listens; -EACCES: somebody else's; others, all
 * with words.
 */
int coil_dial(const char *path, bool is_named, int *ret_fd, struct ucred *ret_peer, struct coil_error *error);

#endif
