/*
 * A session: one program attached to one worker, and its shared memory.
 */
#ifndef COIL_SUPERVISOR_SESSION_H
#define COIL_SUPERVISOR_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "daemon/supervisor/await.h"
#include "daemon/supervisor/worker.h"
#include "proto/error.h"
#include "proto/window.h"

struct coil_client;

/* The daemon's address slots: one per session, whichever worker it is in, so that one program may have two. */
struct coil_windows {
    bool taken[COIL_WINDOW_COUNT];
    unsigned count;
};

enum coil_memory {
    COIL_MEMORY_REQUESTS,
    COIL_MEMORY_REPLIES,
    COIL_MEMORY_STAGING,
    COIL_MEMORY_HEAP, /* what the program has at the heap's address, if that is not the worker's heap itself */
    COIL_MEMORY_COUNT
};

struct coil_session {
    TAILQ_ENTRY(coil_session) link; /* in its worker, which owns it */
    struct coil_worker *worker;
    struct coil_client *client; /* NULL once the program has gone and the worker cleans up */
    uint64_t number;            /* never reused */
    pid_t pid;                  /* of the program */
    unsigned window;            /* slot */
    unsigned channels;
    unsigned channels_end; /* all channels have smaller numbers */
    bool offered;          /* the worker was told of it */
    bool draining;         /* it was told to end it, although the program lives */
    bool moving;           /* it was asked to end it, if nobody notices: move.c */
    unsigned tries;        /* to move that have failed */
    uint64_t ask_again_ms; /* not before */
    char stays[96];        /* why the last one has */
    struct coil_quota *quota; /* of the program's user, and what of it the session has */
    unsigned quota_channels;  /* all with smaller numbers are counted */
    int memory[COIL_MEMORY_COUNT];
    struct coil_await close; /* the worker's answer to `close`, `drain` or `move` */
};

/*
 * A session of `client` in `worker`: draws an address, makes the shared memory, and reserves what
 * is certain to be used.  -ENOSPC, -ENOMEM, -EMFILE with words.
 */
int coil_session_new(struct coil_worker *worker, struct coil_client *client, pid_t pid,
                     struct coil_session **ret_session, struct coil_error *error);

/* Frees it at once, with its address: the worker does not have it, or is dead. */
void coil_session_free(struct coil_session *session);

/* The program has gone: asks the worker to let go, and frees the session when it has. */
void coil_session_close(struct coil_session *session);

/* Lets running calls end and no new ones begin; then frees the session and closes the program's connection. */
void coil_session_drain(struct coil_session *session);

/*
 * Counts the channel, and all with smaller numbers, for the program's user, until the session's end: a program takes the
 * smallest that is free.  -EDQUOT, -ENOMEM with words.
 */
int coil_session_take_channel(struct coil_session *session, unsigned channel, struct coil_error *error);

uint64_t coil_session_base(const struct coil_session *session);

/* What the program has at the address of its worker's heap: that, or in a daemon of several users a memory of its own. */
int coil_session_heap(const struct coil_session *session);

/* Reserves the memory of one channel, so that full memory is an error now and no SIGBUS later.  -ENOSPC with words. */
int coil_session_reserve_channel(struct coil_session *session, unsigned channel, struct coil_error *error);

#endif
