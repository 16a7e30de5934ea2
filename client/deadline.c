/*
 * Deadlines of calls.
 *
 * A call may have a limit: its function's timeout(), else COIL_TIMEOUT_MS, and never more than the daemon
 * allows.  The clock is not looked at before the call has to wait for longer than spinning takes, so a limit
 * becomes a deadline only then; quick calls never learn what time it is.  A call that is made inside another one has
 * what that one has left, at most.
 *
 * What is waited for while a deadline is open: the daemon, the worker, locks that another thread holds meanwhile,
 * room in a ring, the answer.  The thread that makes the call, always.
 */
#include "client/runtime.h"

#include <errno.h>

#include "proto/clock.h"

void coil_deadline_enter(struct coil_deadline *ret_outer, uint32_t limit_ms)
{
    struct coil_thread *thread = coil_thread_get();

    *ret_outer = (struct coil_deadline){ 0 };
    if (!thread)
        return; /* the call says itself that there is no memory */
    *ret_outer = thread->deadline;
    thread->deadline.pending_ms = limit_ms;
}

void coil_deadline_leave(const struct coil_deadline *outer)
{
    if (coil_thread_self)
        coil_thread_self->deadline = *outer;
}

void coil_deadline_begin(struct coil_deadline *deadline)
{
    int64_t end_ms = coil_clock_ms() + deadline->pending_ms;

    if (deadline->end_ms == 0 || end_ms < deadline->end_ms) {
        deadline->end_ms = end_ms;
        deadline->limit_ms = deadline->pending_ms;
    }
    deadline->pending_ms = 0;
}

bool coil_deadline_has_passed(void)
{
    coil_deadline_start();
    return coil_thread_self && coil_thread_self->deadline.end_ms &&
           coil_clock_ms() >= coil_thread_self->deadline.end_ms;
}

int coil_deadline_cut(int most_ms)
{
    int64_t left_ms;

    coil_deadline_start();
    if (!coil_thread_self || !coil_thread_self->deadline.end_ms)
        return most_ms;
    left_ms = coil_thread_self->deadline.end_ms - coil_clock_ms();
    return left_ms <= 0 ? 1 : left_ms < most_ms ? (int)left_ms : most_ms;
}

int coil_deadline_lock(pthread_mutex_t *mutex)
{
    struct timespec end;
    int64_t end_ms;

    if (pthread_mutex_trylock(mutex) == 0)
        return 0;
    coil_deadline_start();
    end_ms = coil_thread_self ? coil_thread_self->deadline.end_ms : 0;
    if (!end_ms) {
        (void)pthread_mutex_lock(mutex);
        return 0;
    }
    end = (struct timespec){ end_ms / 1000, (long)(end_ms % 1000) * 1000000 };
    return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &end) == 0 ? 0 : -ETIME;
}

int coil_deadline_explain(enum coil_status *ret_status, struct coil_error *error, const char *meanwhile)
{
    *ret_status = COIL_E_TIMEOUT;
    return coil_error_set(error, -ETIME, "its deadline of %u ms has passed while %s",
                          coil_thread_self ? coil_thread_self->deadline.limit_ms : 0, meanwhile);
}

void coil_deadline_cap(struct coil_link *link, uint32_t max_ms)
{
    const struct coil_descriptor *image = link->image;

    for (uint32_t i = 0; i < image->functions.count; i++)
        atomic_store_explicit(&link->functions[i].limit_ms, coil_deadline_shorter(link->functions[i].own_ms, max_ms),
                              memory_order_relaxed);
    for (uint32_t i = 0; i < image->signatures.count; i++)
        atomic_store_explicit(&link->signatures[i].limit_ms, coil_deadline_shorter(link->signatures[i].own_ms, max_ms),
                              memory_order_relaxed);
}
