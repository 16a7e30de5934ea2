/*
 * Messages over a Unix stream socket, with file descriptors.
 *
 * struct coil_wire is one end of a connection: it gathers incoming bytes and
 * fds until a message is whole, and keeps what could not be sent yet.  It does
 * not block by itself: the socket is non-blocking, and coil_wire_receive/_flush
 * say -EAGAIN.  coil_wire_call() is for clients, which have one thread per
 * question: it sends, waits and receives, with a deadline.  Not thread-safe; the
 * owner locks.
 */
#ifndef COIL_WIRE_H
#define COIL_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/message.h"

struct coil_wire; /* owns the socket */

/* A received message: free it with coil_wire_message_deinit(), which closes fds that were not stolen. */
struct coil_wire_message {
    struct coil_message message;
    int fds[COIL_MESSAGE_FDS_MAX]; /* coil_message_fds(type) of them, CLOEXEC, the rest -1 */
    void *memory;
};

#define COIL_WIRE_MESSAGE_INIT                                                                                         \
    {                                                                                                                  \
        .fds = { -1, -1, -1, -1, -1 }                                                                                  \
    }

void coil_wire_message_deinit(struct coil_wire_message *message);

/* Takes ownership of `fd` (made non-blocking and CLOEXEC), also on failure.  -ENOMEM. */
int coil_wire_new(int fd, struct coil_wire **ret_wire);
void coil_wire_free(struct coil_wire *wire); /* closes the socket; NULL is ignored */
static inline void coil_wire_freep(struct coil_wire **wire)
{
    coil_wire_free(*wire);
    *wire = NULL;
}

/* Frees all but the socket, and returns that; NULL: -1.  For a socket that may not be ours any more. */
int coil_wire_release(struct coil_wire *wire);

int coil_wire_fd(const struct coil_wire *wire);

/*
 * Queues a message (the fds are duplicated) and sends as much as the socket
 * takes.  0 when queued, sent or not (see coil_wire_pending); -EPIPE when the peer
 * has gone.  Never raises SIGPIPE.  Fails with -ENOBUFS when more than 64 MiB wait; with -ENOMEM the message is not
 * queued.
 */
int coil_wire_send(struct coil_wire *wire, const struct coil_message *message, const int *fds,
                   struct coil_error *error);
int coil_wire_flush(struct coil_wire *wire); /* 0 all sent, -EAGAIN, -EPIPE */
bool coil_wire_pending(const struct coil_wire *wire);

/*
 * Takes one message that has come.  0 and a message; -EAGAIN: none is whole
 * yet; -EPIPE: the peer has closed; -EBADMSG with words: nonsense on the wire (surplus fds are closed); -EMFILE: its fds
 * found no room here; -ENOMEM with words: the message is kept, and can be had later.
 */
int coil_wire_receive(struct coil_wire *wire, struct coil_wire_message *ret_message, struct coil_error *error);

/*
 * Sends, then waits until its answer has come, at most `timeout_ms`; answers to
 * earlier questions, which were given up, are passed over.  EINTR is
 * handled.  -ETIMEDOUT, -EPIPE, -EBADMSG with words.  `fds` may be NULL.
 */
int coil_wire_call(struct coil_wire *wire, const struct coil_message *message, const int *fds,
                   struct coil_wire_message *ret_message, int timeout_ms, struct coil_error *error);

#endif
