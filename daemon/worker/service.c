/*
 * The service channel: asks that no call waits for.
 *
 * A Python thread that handles no call of a program, and a one-way handler, cannot be answered by a thread that waits
 * for a call: there is none.  So the program has a thread of its own for them, once Python has asked for it, with a
 * channel that it hands over by a SERVE record.  The thread of that channel here leaves the rings alone from then on;
 * whoever asks has them for as long as that takes, one after the other, and runs itself what the program calls
 * meanwhile.
 *
 * Nobody waits with the GIL: its holder may be needed by whoever is being waited for.
 */
#include <errno.h>
#include <time.h>

#include "daemon/worker/worker.h"

#define SERVE_TIMEOUT_S 60 /* for the program's thread; it comes when the program next looks at its channel */

/* ---- the channel's own thread ---- */

int coil_service_park(struct coil_channel *channel, const struct coil_header *header, struct coil_error *error)
{
    struct coil_session *session = channel->session;
    bool taken;

    if (channel->asks > 0)
        return coil_error_set(error, -EPROTO, "the client serves in the middle of a call");
    channel->serves = true;
    coil_consumer_advance(&channel->requests, header);
    coil_consumer_tell(&channel->requests);
    (void)pthread_mutex_lock(&session->lock);
    taken = session->service != NULL;
    if (!taken) {
        session->service = channel;
        (void)pthread_cond_broadcast(&session->service_changed);
        while (!channel->broken && !atomic_load_explicit(&session->closing, memory_order_relaxed))
            (void)pthread_cond_wait(&session->service_changed, &session->lock);
        session->service = NULL;
        session->service_expected = false;
    }
    (void)pthread_mutex_unlock(&session->lock);
    if (taken)
        return coil_error_set(error, -EPROTO, "the client serves twice");
    /* Whoever is in the rings learns that the session is closing, and leaves. */
    (void)pthread_mutex_lock(&session->service_lock);
    (void)pthread_mutex_unlock(&session->service_lock);
    return -ECANCELED;
}

void coil_service_wake(struct coil_session *session)
{
    (void)pthread_mutex_lock(&session->lock);
    (void)pthread_cond_broadcast(&session->service_changed);
    (void)pthread_mutex_unlock(&session->lock);
}

/* ---- whoever asks ---- */

bool coil_service_is_expected(struct coil_session *session, bool expect)
{
    bool expected;

    (void)pthread_mutex_lock(&session->lock);
    expected = session->service_expected;
    session->service_expected = expected || expect;
    (void)pthread_mutex_unlock(&session->lock);
    return expected;
}

/*
 * Nobody waits for a one-way call, but the program looks at what such calls print when it next calls: there it finds
 * that its thread is wanted.
 */
static int want(struct coil_channel *channel)
{
    const struct coil_header header = { .kind = COIL_RECORD_ASK,
                                        .flags = COIL_CALL_ONEWAY,
                                        .outcome = COIL_ASK_SERVICE };

    if (!coil_channel_claim(channel, 0))
        return -ESRCH;
    (void)coil_producer_publish(&channel->replies, &header);
    return 0;
}

/* The service channel, with the session's service lock held.  Without the GIL.  -ESRCH; -ENOTCONN with words. */
static int acquire(struct coil_session *session, struct coil_channel *own, struct coil_channel **ret_channel,
                   struct coil_error *error)
{
    struct timespec end;
    int r = 0;

    if (own && !coil_service_is_expected(session, true))
        r = want(own);
    (void)clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += SERVE_TIMEOUT_S;
    (void)pthread_mutex_lock(&session->service_lock);
    (void)pthread_mutex_lock(&session->lock);
    while (r == 0 && !session->service) {
        if (atomic_load_explicit(&session->closing, memory_order_relaxed))
            r = -ESRCH;
        else if (!session->service_expected ||
                 pthread_cond_timedwait(&session->service_changed, &session->lock, &end) == ETIMEDOUT)
            r = coil_error_set(error, -ENOTCONN,
                               "the program has no thread for what Python wants outside of its calls: take "
                               "coil.current() in one of them, and use it here: with session:");
    }
    *ret_channel = session->service;
    (void)pthread_mutex_unlock(&session->lock);
    if (r < 0)
        (void)pthread_mutex_unlock(&session->service_lock);
    return r;
}

/* The rings are this thread's now: asks as if it were the channel's own. */
static int ask(struct coil_channel *channel, struct coil_host_ask *ask, struct coil_error *error)
{
    struct coil_host_thread *parked = channel->host_thread;
    int r;

    channel->host_thread = coil_worker_host->thread_attach(channel);
    if (!channel->host_thread) {
        channel->host_thread = parked;
        return coil_error_set(error, -ENOMEM, "no memory for a thread that asks the program");
    }
    coil_worker_host->enter(channel->host_thread);
    channel->has_gil = true;
    r = coil_ask_on(channel, ask, error);
    channel->has_gil = false; /* it is the thread's own */
    coil_worker_host->leave(channel->host_thread);
    coil_worker_host->thread_detach(channel->host_thread);
    channel->host_thread = parked;
    return r;
}

int coil_service_ask(struct coil_session *session, struct coil_channel *own, struct coil_host_ask *what,
                     struct coil_error *error)
{
    static _Thread_local unsigned depth; /* services this thread is in: it would wait for itself */
    struct coil_channel *channel;
    void *paused;
    int r;

    if (depth > 0 && own && own == session->service)
        return coil_error_set(error, -ENOTCONN,
                              "the thread of the program that could do it is the one that made this one-way call");
    paused = coil_worker_host->pause();
    r = acquire(session, own, &channel, error);
    coil_worker_host->resume(paused);
    if (r < 0)
        return r;
    depth++;
    r = ask(channel, what, error);
    depth--;
    if (channel->broken)
        coil_service_wake(session);
    (void)pthread_mutex_unlock(&session->service_lock);
    return r;
}
