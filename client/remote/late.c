/*
 * Calls whose deadline has passed.
 *
 * Nobody waits for such a call any more: its thread returns the error value, and tells the worker, which sees to it
 * that the handler ends.  Until it has, the call keeps its channel and what it has in staging, and nothing is
 * read from there.
 *
 * The outermost call of a channel leaves it to the session, as a thread does that ends in the middle of a call:
 * channel.c takes what still comes off the rings, and another thread gets the channel when the worker has reset it.
 *
 * A call that C code has made for a handler cannot leave: the handler still waits for that C code on this channel. When
 * the C code has returned, what it left open is waited for (within the deadline of the call around it), and thrown
 * away; then the handler gets its answer.  Calls that the C code makes meanwhile go through another channel.
 *
 * Called by call.c, open.c, flush.c, ask_run.c; the thread that owns the channel.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "client/remote/remote.h"
#include "proto/cleanup.h"
#include "proto/clock.h"

#define SAY_WAIT_MS 100 /* for a lock that another thread holds while it asks the daemon for something */

/* A request that was given up, and what it keeps. */
struct coil_late {
    struct coil_late *outer;
    struct coil_scope scope;
    struct coil_staged frame, result;
    struct coil_check check;
};

static int lock_briefly(pthread_mutex_t *mutex)
{
    struct timespec end;

    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += SAY_WAIT_MS * 1000000L;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &end);
}

void coil_late_tell(struct coil_session *session)
{
    const struct coil_message late = { .type = COIL_MESSAGE_LATE, .session = session->number };

    atomic_store_explicit(&session->late_unsaid, false, memory_order_relaxed);
    if (session->wire && !coil_session_is_cut_off(session))
        (void)coil_wire_send(session->wire, &late, NULL, NULL); /* a daemon that has gone has taken the worker along */
}

void coil_late_say(struct coil_session *session)
{
    int cancel;

    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel); /* a lock is held */
    atomic_store_explicit(&session->late_unsaid, true, memory_order_relaxed);
    if (lock_briefly(&session->lock) == 0) { /* else whoever next acquires a channel says it */
        if (atomic_load_explicit(&session->late_unsaid, memory_order_relaxed))
            coil_late_tell(session);
        (void)pthread_mutex_unlock(&session->lock);
    }
    (void)pthread_setcancelstate(cancel, NULL);
}

/* One-way calls that lie before a call which has not even begun: nobody will wait for them any more. */
static void give_up_oneway(struct coil_channel *channel, uint32_t sequence)
{
    struct coil_thread *thread = coil_thread_self;

    if (!channel->oneway_pending || coil_channel_started(channel, sequence))
        return;
    thread->oneway_lost = COIL_E_TIMEOUT;
    coil_error_set(&thread->oneway_error, -ETIME,
                   "one-way calls had not been carried out when the deadline of the call behind them passed; they "
                   "still will be, unless the worker dies");
    coil_status_print("%s", thread->oneway_error.text);
}

void coil_late_begin(struct coil_channel *channel, uint32_t sequence, struct coil_scope *scope)
{
    struct coil_late *late = calloc(1, sizeof *late);

    if (channel->level_count == 1)
        give_up_oneway(channel, sequence);
    channel->late_count++;
    if (late) { /* without memory the staging comes free with the channel */
        late->outer = channel->late;
        late->scope = (struct coil_scope){ .channel = channel, .marshal = scope->marshal };
        channel->late = late;
    }
    scope->marshal = NULL;
    scope->is_late = true;
    scope->late = late;
    /* U: after all that was published. */
    atomic_store_explicit(&channel->replies.own->given_up, sequence, memory_order_release);
    coil_late_say(channel->session);
}

void coil_late_keep(struct coil_scope *scope, const struct coil_staged *frame, const struct coil_staged *result,
                    const struct coil_check *check)
{
    if (!scope->late)
        return;
    scope->late->frame = *frame;
    scope->late->result = *result;
    scope->late->check = *check;
}

/* The innermost of them has been answered. */
static void late_end(struct coil_channel *channel)
{
    struct coil_late *late = channel->late;

    channel->late_count--;
    if (!late)
        return;
    coil_marshal_deinit(&late->scope);
    coil_staging_release(channel, &late->result);
    coil_staging_release(channel, &late->frame);
    coil_check_end(channel, &late->check);
    channel->late = late->outer;
    free(late);
}

void coil_late_free(struct coil_channel *channel)
{
    while (channel->late) {
        struct coil_late *late = channel->late;

        channel->late = late->outer;
        free(late);
    }
    channel->late_count = 0;
}

void coil_late_forget(struct coil_channel *channel)
{
    coil_late_free(channel);
    atomic_store_explicit(&channel->replies.own->given_up, 0, memory_order_relaxed); /* it was answered */
}

void coil_late_leave(struct coil_channel *channel, uint32_t level)
{
    int cancel;

    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel); /* locks are held */
    if (level > 1)
        coil_thread_self->channel = NULL; /* so that the next call looks for another one */
    else
        coil_channel_leave(channel);
    (void)pthread_setcancelstate(cancel, NULL);
}

/* One reply to a call that was given up.  As coil_channel_receive(). */
static int take_reply(struct coil_channel *channel)
{
    struct coil_header header;
    int r = coil_channel_await(channel);

    if (r < 0)
        return r;
    if (!coil_consumer_header(&channel->replies, &header))
        return -EPROTO;
    switch (header.kind) {
    case COIL_RECORD_TEXT:
    case COIL_RECORD_PAD:
        coil_consumer_advance(&channel->replies, &header);
        coil_consumer_tell(&channel->replies);
        return 0;
    case COIL_RECORD_ASK:
        if (!(header.flags & COIL_CALL_ONEWAY))
            return coil_ask_refuse(channel, &header, "the call is past its deadline");
        coil_consumer_advance(&channel->replies, &header);
        coil_consumer_tell(&channel->replies);
        coil_service_want(channel);
        return 0;
    default:
        coil_channel_finish(channel);
        coil_files_close(channel, channel->level_count);
        late_end(channel);
        return 0;
    }
}

int coil_late_await(struct coil_channel *channel, uint32_t level)
{
    int r = 0;

    if (channel->level_count == level)
        return 0;
    while (r == 0 && channel->level_count > level)
        r = channel->level_count % 2 == 0 ? coil_ask_refuse(channel, NULL, "the call is past its deadline")
                                          : take_reply(channel);
    if (r == 0) {
        atomic_store_explicit(&channel->replies.own->given_up, 0, memory_order_relaxed); /* it was answered */
        coil_thread_self->channel = channel;
    }
    return r;
}
