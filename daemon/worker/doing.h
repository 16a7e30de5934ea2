/*
 * What a channel's thread does, for whoever looks when this process is dead: COIL_DOING_* in proto/channel.h.
 *
 * Used around every handler, so it costs two stores to a line that nobody else reads.  Handlers nest; what is said is
 * the innermost one.  The channel's thread; fatal.c.
 */
#ifndef COIL_WORKER_DOING_H
#define COIL_WORKER_DOING_H

#include "daemon/worker/worker.h"

/* A handler is about to be entered.  Returns what the channel did before, for coil_doing_end(). */
static inline uint32_t coil_doing_begin(struct coil_channel *channel, uint32_t what)
{
    uint32_t before = channel->doing;

    channel->doing = what;
    atomic_store_explicit(&channel->control->doing, what, memory_order_relaxed); /* T */
    return before;
}

/* It has returned. */
static inline void coil_doing_end(struct coil_channel *channel, uint32_t before)
{
    channel->doing = before;
    atomic_store_explicit(&channel->control->doing, before, memory_order_relaxed); /* T */
}

/* It was a call. */
static inline void coil_doing_count(struct coil_channel *channel)
{
    atomic_store_explicit(&channel->control->calls, ++channel->calls, memory_order_relaxed);
}

#endif
