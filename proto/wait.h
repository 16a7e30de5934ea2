/*
 * Waiting for the next record: spin for a while, then sleep.
 *
 * Spinning is budgeted in time, not in iterations.  The budget grows while
 * spinning pays off and shrinks while it does not; no more threads of a process
 * spin at once than its CPUs can carry beside the peers they wait for, and on one CPU
 * nobody spins at all.
 *
 * Both sides may also have come to run on the same CPU of several.  Spinning then only keeps the other side from
 * running, so they hand the CPU to each other; and they stay runnable, both, because that is what makes the
 * kernel move one of them.
 */
#ifndef COIL_WAIT_H
#define COIL_WAIT_H

#include "proto/ring.h"

/* One waiting side of one channel. */
struct coil_spin {
    uint32_t budget_ns;
    uint32_t misses;      /* spins in a row that have not paid off */
    uint32_t brief_looks; /* of coil_spin_brief */
    uint32_t processor;   /* as the peer has been told; 0: not yet */
    struct coil_control *own;
    const struct coil_control *peer;
};

/* `own`, `peer`: the control blocks of the side that waits and of the one that is waited for. */
void coil_spin_init(struct coil_spin *spin, struct coil_control *own, const struct coil_control *peer);

/* In a forked child: the threads that were spinning are the parent's. */
void coil_spin_forget(void);

/*
 * Between two looks.  It keeps the processor from having loads of the line under way when the line
 * changes, which would cost it a restart: looking less often sees the change sooner.
 */
static inline void coil_spin_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

/*
 * Looks for about a microsecond, without any account: for peers that answer at once.
 * True: the record is ready.
 */
static inline bool coil_spin_brief(const struct coil_spin *spin, const struct coil_consumer *consumer)
{
    for (uint32_t i = spin->brief_looks; i > 0; i--) {
        if (coil_consumer_ready(consumer))
            return true;
        coil_spin_relax();
    }
    return false;
}

/*
 * Spins until the record is ready or the budget is spent.  True: it is ready.
 */
bool coil_spin_wait(struct coil_spin *spin, const struct coil_consumer *consumer);

/*
 * Spins until there is room for a record with `size` bytes of payload: as coil_producer_claim().  NULL: there was none
 * in the time that a consumer takes for a quarter of a ring of quick records.  A consumer on this very CPU runs meanwhile.
 */
void *coil_producer_spin(struct coil_producer *producer, struct coil_spin *spin, uint32_t size);

/*
 * Sleeps until the record is ready, somebody wakes the consumer without one, or
 * `timeout_ms` has passed (-1: no limit); EINTR also returns.  True: it is ready.
 */
bool coil_consumer_sleep(struct coil_consumer *consumer, struct coil_spin *spin, int timeout_ms);

#endif
