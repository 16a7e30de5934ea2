/*
 * The policy of starting workers again.
 *
 * Purpose: a worker that crashes as soon as it starts must not keep the machine busy, and its callers
 * must not wait for what will not come.  So the first deaths cost nothing, the next ones a delay that
 * doubles, and after a few crashes in a row callers fail at once, with words, until a reload.
 *
 * What counts is a death before any call has been served: the supervisor does not see calls, but each channel
 * says in its control block whether one has come back (COIL_DOING_SERVED), and death.c looks there.  Time
 * would be a worse measure: an interpreter may need long to load what it needs, and crash only then.  A
 * worker that says why it cannot start has not crashed, nor has one in which init code raised an exception: such
 * programs fail with their own words, and are tried again whenever someone asks.
 *
 * A worker that was killed from outside delays the next one, but never stops it: whoever kills workers may
 * have reasons, and the next one may live.
 *
 * Delays are drawn from a range, so that environments that failed together do not come back together.  They are short
 * (a second at most), because all programs of the environment wait, also those that have done nothing wrong; what one
 * function does to others is the business of blame.c.
 *
 * Plain data and a clock that the caller reads; used by death.c, worker.c and attach.c, main thread.
 */
#include "daemon/supervisor/restart.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define FREE_DEATHS 2 /* so many in a row cost nothing */
#define DELAY_FIRST_MS 100u
#define DELAY_MAX_MS 1000u

/* Between three quarters and five quarters of it; exactly it, if there is no randomness. */
static uint64_t jittered(uint64_t delay_ms)
{
    unsigned random;

    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        return delay_ms;
    return delay_ms * 3 / 4 + random % (delay_ms / 2 + 1);
}

void coil_restart_died(struct coil_restart *restart, uint64_t now_ms, bool from_outside, const char *how)
{
    unsigned doublings;
    uint64_t delay_ms;

    restart->deaths++;
    if (!from_outside)
        restart->crashes++;
    (void)snprintf(restart->last, sizeof restart->last, "%s", how);
    if (restart->deaths <= FREE_DEATHS)
        return;
    doublings = restart->deaths - FREE_DEATHS - 1;
    delay_ms = doublings < 8 ? DELAY_FIRST_MS << doublings : DELAY_MAX_MS;
    restart->not_before_ms = now_ms + jittered(delay_ms < DELAY_MAX_MS ? delay_ms : DELAY_MAX_MS);
}

void coil_restart_reset(struct coil_restart *restart)
{
    *restart = (struct coil_restart){ 0 };
}

uint64_t coil_restart_delay_ms(const struct coil_restart *restart, uint64_t now_ms)
{
    return restart->not_before_ms > now_ms ? restart->not_before_ms - now_ms : 0;
}

bool coil_restart_is_stopped(const struct coil_restart *restart)
{
    return restart->crashes >= COIL_RESTART_CRASHES_MAX;
}

void coil_restart_explain(const struct coil_restart *restart, const char *log_path, char *text, size_t size)
{
    (void)snprintf(text, size,
                   "%u Python workers crashed one after the other before they had served a call, the last with %s; no "
                   "more are started until coilctl reload%s%s",
                   restart->crashes, restart->last, log_path ? "; the daemon's log says more: " : "",
                   log_path ? log_path : "");
}
