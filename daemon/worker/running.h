/*
 * What a channel's thread runs: its handlers, one within the other, and which of them their program has given up.
 *
 * Every handler has an entry on the stack of the thread that runs it.  Entries come and go with the GIL, so whoever has
 * it sees a list that holds still: late.c, which ends handlers.  What the client has given up it says in its control
 * block (given_up: I9), a word that is compared with the requests that are open here, and used for nothing else.
 */
#ifndef COIL_WORKER_RUNNING_H
#define COIL_WORKER_RUNNING_H

#include "daemon/worker/worker.h"

struct coil_running {
    struct coil_running *outer;
    uint32_t sequence; /* of its request; 0: of a one-way call, which nobody waits for */
    uint32_t doing;    /* COIL_DOING_* */
    unsigned raised;   /* how often coil.DeadlineExceeded has been */
    bool blocked_said;
    int64_t raise_again_ms;
};

/* A handler is about to be entered, and has returned; with the GIL. */
static inline void coil_running_begin(struct coil_channel *channel, struct coil_running *running, uint32_t sequence,
                                      uint32_t doing)
{
    *running = (struct coil_running){ .outer = channel->running, .sequence = sequence, .doing = doing };
    channel->running = running;
}

static inline void coil_running_end(struct coil_channel *channel, const struct coil_running *running)
{
    channel->running = running->outer;
    if (__builtin_expect(running->raised > 0, 0))
        coil_worker_host->interrupt_clear(channel->host_thread); /* it may not have come in time */
}

static inline uint32_t coil_running_given_up(const struct coil_channel *channel)
{
    return atomic_load_explicit(&channel->replies.peer->given_up, memory_order_acquire); /* U */
}

/* The handler, or the one further out, of the request that was given up; NULL: there is none.  The channel's own
 * thread, or with the GIL. */
static inline const struct coil_running *coil_running_late(const struct coil_channel *channel)
{
    uint32_t given_up = coil_running_given_up(channel);
    const struct coil_running *running;

    if (__builtin_expect(given_up == 0, 1))
        return NULL;
    for (running = channel->running; running && running->sequence != given_up; running = running->outer)
        ;
    return running;
}

#endif
