/*
 * A channel's control blocks: the shared words beside its two rings.
 *
 * Each side has one block that it alone writes; the other side maps it
 * read-only.  The client's lies in `requests`, the worker's in `replies`
 * (proto/window.h says where).
 */
#ifndef COIL_CHANNEL_H
#define COIL_CHANNEL_H

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/window.h"

struct coil_control {
    /*
     * Line 0: seldom written.
     *
     * `consumed`: how far the owner has read the ring it consumes, in bytes since
     * the ring's beginning.  Written by the owner, read by the producer that
     * has run out of room (release C in coil_consumer_tell, acquire C in
     * coil_producer_has_room).
     *
     * `sleeping`: the sequence number of the record for which the owner sleeps, or is about to, on the next
     * commit word of the ring it consumes; 0 while it is awake (fences W in coil_consumer_sleep and in
     * coil_producer_commit).
     *
     * `processor`: the CPU that the owner ran on when it last had to wait for long, or woke up, plus 1.  Relaxed: a hint,
     * for the other side's coil_spin_wait and coil_producer_spin.
     */
    alignas(64) _Atomic uint64_t consumed;
    _Atomic uint32_t sleeping;
    _Atomic uint32_t processor;

    /*
     * Line 1, the worker's block only.  The client reads it only when it has waited long, so the
     * line hardly ever moves.
     *
     * `started`: the sequence number of the last request whose handler has been
     * entered.  Written before every handler (release S in daemon/worker/call.c), read when
     * nothing more will come (acquire S in coil_channel_started).
     *
     * `ended`: 1 when the worker has left this channel's rings for good; `started` is
     * final then (release Q in daemon/worker/channel.c, acquire Q in client/remote/channel.c).
     *
     * `doing`: COIL_DOING_*, for the supervisor when the worker is dead.  Relaxed, T: written around every handler
     * (daemon/worker/doing.h), read in daemon/supervisor/death.c; the death orders them.
     *
     * `refused`: how many one-way calls were not carried out, each of which has been said in text.  Relaxed: read when all
     * of them have been answered for, by a reply that came later, or when nothing more will come (client/remote/flush.c).
     *
     * `calls`: how many handlers have returned, for the supervisor at any time.  Relaxed: a number for people, and for
     * recycling (daemon/supervisor/recycle.c).
     *
     * `given_up`, the client's block only: the sequence number of the request whose answer is no longer waited
     * for, with all that have been made inside it; 0: none.  I9 (release U in client/remote/late.c, acquire U in
     * daemon/worker/running.h).
     */
    alignas(64) _Atomic uint32_t started;
    _Atomic uint32_t ended;
    _Atomic uint32_t doing;
    _Atomic uint32_t refused;
    _Atomic uint32_t given_up;
    _Atomic uint64_t calls;
};

/* What a channel's thread does.  The lower 28 bits are those of a call's `function`. */
#define COIL_DOING_CALL (1u << 28)
#define COIL_DOING_OPEN (1u << 29)
#define COIL_DOING_SERVED (1u << 30) /* nothing, but calls have come back from their handlers */
#define COIL_DOING_FATAL (1u << 31)  /* with CALL or OPEN: this very thread has ended the process */
#define COIL_DOING_SLOT(doing) ((doing) >> 16 & 0xfffu)
#define COIL_DOING_FUNCTION(doing) ((doing)&0xffffu)

static_assert(sizeof(struct coil_control) == COIL_CONTROL_SIZE, "the control block is two lines");
static_assert(offsetof(struct coil_control, sleeping) == 8, "shared layout");
static_assert(offsetof(struct coil_control, processor) == 12, "shared layout");
static_assert(offsetof(struct coil_control, started) == 64, "shared layout");
static_assert(offsetof(struct coil_control, ended) == 68, "shared layout");
static_assert(offsetof(struct coil_control, doing) == 72, "shared layout");
static_assert(offsetof(struct coil_control, refused) == 76, "shared layout");
static_assert(offsetof(struct coil_control, given_up) == 80, "shared layout");
static_assert(offsetof(struct coil_control, calls) == 88, "shared layout");

#endif
