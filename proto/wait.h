/*
 * Waiting for the next record: spin for a while, then sleep.
 *
 * Spinning is budgeted in time, not in iterations.  The budget grows while
 * spinning pays off and shrinks while it does not; no more threads of a process
 * spin at once than its CPUs can carry beside the peers they wait for, and on one CPU
 * nobody spins at all.
 */
#ifndef COIL_WAIT_H
#define COIL_WAIT_H

#include "proto/ring.h"

/* One waiting side of one channel.  Zero-initialised is a good start. */
struct coil_spin {
    uint32_t budget_ns;
    bool started; /* the budget has been set */
};

/*
 * Looks for less than a microsecond, without any account: for peers that answer
 * at once.  True: it is ready.
 */
bool coil_spin_brief(const struct coil_consumer *consumer);

/*
 * Spins until the record is ready or the budget is spent.  True: it is ready.
 */
bool coil_spin_wait(struct coil_spin *spin, const struct coil_consumer *consumer);

/*
 * Sleeps until the record is ready, somebody wakes the consumer without one, or
 * `timeout_ms` has passed (-1: no limit); EINTR also returns.  True: it is ready.
 */
bool coil_consumer_sleep(struct coil_consumer *consumer, int timeout_ms);

#endif
