/* Waiting for one fd. */
#ifndef COIL_POLL_H
#define COIL_POLL_H

/*
 * What poll() says of `fd`: its revents, 0 after `timeout_ms` (-1: never), or a negative errno.  Works in a process that
 * has an RLIMIT_NOFILE of 0, too.
 */
int coil_poll(int fd, short events, int timeout_ms);

#endif
