/*
 * Sessions that move to a newer worker.
 *
 * When another generation has taken this worker's place, a program that runs on can follow it, and need not notice:
 * its session is ended between two calls, and the next call attaches anew.  That is so only if nothing is
 * left behind.  What would be:
 *
 *     pointers into the heap, handles, functions that Python has made   the program may have them
 *     the program as coil.Session, in on_close() or on_open             Python has something of this program
 *     functions of the program, memory of coil_alloc()                  Python may have kept a pointer to it
 *
 * What the program has been given can be told from what has crossed; whether it is still there, from how much
 * of that kind there is in this worker at all.  When in doubt a session stays: it moves when the last is gone.
 *
 * The state is looked at while nothing of the session runs, because a handler may add to it at any time.  So its
 * channels are asked to stop between two calls: for a moment, since calls of other threads wait meanwhile.  If one is
 * in a call all that time, they go on, and the supervisor asks again later.  One that has been
 * in the same call since the last time is no reason to stop the others at all.
 *
 * Records that lie in the rings of a session that moves have not begun: the client sends them again.
 *
 * The link's thread; channels while they are parked.  The session's lock guards `parked` and the beginning and end of
 * COIL_SESSION_MOVING, so that a channel that is seen parked is parked.
 */
#include <errno.h>

#include "daemon/worker/worker.h"
#include "proto/clock.h"

#define PARK_MS 50 /* how long calls wait at most for others to end */

/* Why it would be noticed; NULL: it would not. */
static const char *find_reason(struct coil_session *session)
{
    bool has_functions;

    (void)pthread_mutex_lock(&session->lock);
    has_functions = coil_functions_has_any(session);
    (void)pthread_mutex_unlock(&session->lock);
    if (coil_functions_count() > 0)
        return "there are function pointers of ffi.callback()";
    if (coil_worker_host->handle_count() > 0)
        return "there are handles of ffi.new_handle()";
    if (coil_heap_count() > 0 && coil_session_is_given(session))
        return "the program has pointers into Python's memory";
    if (atomic_load_explicit(&session->region_count, memory_order_relaxed) > 0)
        return "Python sees memory that coil_alloc() has made";
    if (has_functions)
        return "Python has been given a function of the program";
    if (atomic_load_explicit(&session->references, memory_order_relaxed) > 1)
        return "Python remembers the program: coil.current(), on_open or on_close";
    return NULL;
}

static void set_standing(struct coil_session *session, enum coil_session_standing standing)
{
    (void)pthread_mutex_lock(&session->lock);
    atomic_store_explicit(&session->standing, standing, memory_order_relaxed);
    (void)pthread_cond_broadcast(&session->service_changed);
    (void)pthread_mutex_unlock(&session->lock);
}

/* Is a channel in the call that it was in when this was asked last? */
static bool is_in_long_call(const struct coil_session *session)
{
    bool is = false;

    for (struct coil_channel *c = session->channels; c; c = c->next) {
        uint32_t started = atomic_load_explicit(&c->control->started, memory_order_relaxed);
        uint32_t doing = atomic_load_explicit(&c->control->doing, memory_order_relaxed);

        if (doing & (COIL_DOING_CALL | COIL_DOING_OPEN) && started == c->seen_started)
            is = true;
        c->seen_started = started;
    }
    return is;
}

int coil_move_begin(struct coil_session *session, uint64_t request, struct coil_error *error)
{
    const char *reason = find_reason(session);

    if (!reason && is_in_long_call(session))
        reason = "it is in a call";
    if (reason)
        return coil_error_set(error, -EBUSY, "%s", reason);
    session->move_request = request;
    session->move_until_ms = coil_clock_ms() + PARK_MS;
    set_standing(session, COIL_SESSION_MOVING);
    return 0;
}

/* Does nothing of it run, now and until somebody says so?  Wakes those that sleep, so that they see it. */
static bool is_at_rest(struct coil_session *session)
{
    bool rests = true;

    (void)pthread_mutex_lock(&session->lock);
    for (struct coil_channel *c = session->channels; c; c = c->next) {
        if (c->parked || c == session->service || atomic_load_explicit(&c->ended, memory_order_acquire)) /* E */
            continue;
        rests = false;
        coil_channel_wake(c);
    }
    (void)pthread_mutex_unlock(&session->lock);
    return rests;
}

static void refuse(struct coil_session *session, const char *reason)
{
    uint64_t request = session->move_request;
    struct coil_error error;

    coil_move_cancel(session);
    coil_link_answer(request, coil_error_set(&error, -EBUSY, "%s", reason), &error);
}

bool coil_move_look(struct coil_session *session)
{
    const char *reason;

    if (!is_at_rest(session)) {
        if (coil_clock_ms() < session->move_until_ms)
            return true;
        refuse(session, "it is in a call");
        return false;
    }
    reason = find_reason(session);
    if (reason) {
        refuse(session, reason);
        return false;
    }
    session->close_request = session->move_request;
    session->move_request = 0;
    set_standing(session, COIL_SESSION_MOVED);
    return false;
}

void coil_move_cancel(struct coil_session *session)
{
    if (!session->move_request)
        return;
    session->move_request = 0;
    set_standing(session, COIL_SESSION_STAYS);
}

unsigned coil_move_park(struct coil_channel *channel)
{
    struct coil_session *session = channel->session;
    unsigned standing;

    (void)pthread_mutex_lock(&session->lock);
    channel->parked = true;
    coil_link_wake();
    while ((standing = atomic_load_explicit(&session->standing, memory_order_relaxed)) == COIL_SESSION_MOVING)
        (void)pthread_cond_wait(&session->service_changed, &session->lock);
    channel->parked = false;
    (void)pthread_mutex_unlock(&session->lock);
    return standing;
}
