/*
 * One thread's channel.
 *
 * A thread acquires a channel of a session at its first call through it and keeps it
 * until it ends.  Then the worker is told to forget the Python thread state (a
 * RESET record, whose answer nobody waits for), and the channel serves the next
 * new thread.
 *
 * Waiting: spin, then sleep in slices of at most 100 ms; before each slice the
 * pidfd is asked, so a worker's death needs no one to announce it, and so is whether
 * the channel is still served.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "client/remote/remote.h"
#include "proto/cleanup.h"
#include "proto/clock.h"
#include "proto/fault.h"

#define FIRST_SLICE_MS 2       /* before the first look, which costs more than a wake-up */
#define SLICE_MS 100           /* between two looks */
#define SERVICE_SLICE_MS 5000    /* of the service thread, while nothing is asked: nobody waits for it */
#define RESET_WAIT_MS 1000       /* for the channels of threads that have just ended */
#define REQUEST_TIMEOUT_MS 30000 /* for the daemon's answer: a channel needs a thread in the worker, no more */

struct coil_channel *coil_channel_new(struct coil_session *session, uint32_t index)
{
    struct coil_channel *channel = aligned_alloc(64, (sizeof *channel + 63) & ~(size_t)63);
    unsigned char *requests = coil_session_at(session, COIL_REQUESTS_OFFSET);
    unsigned char *replies = coil_session_at(session, COIL_REPLIES_OFFSET);

    if (!channel)
        return NULL;
    *channel = (struct coil_channel){ .session = session, .index = index };
    channel->worker = (const struct coil_control *)(void *)(replies + COIL_REPLIES_CONTROL(index));
    coil_producer_init(&channel->requests, requests + COIL_REQUESTS_RING(index), channel->worker);
    coil_consumer_init(&channel->replies, replies + COIL_REPLIES_RING(index),
                       (struct coil_control *)(void *)(requests + COIL_REQUESTS_CONTROL(index)));
    coil_staging_init(channel);
    coil_spin_init(&channel->spin, channel->replies.own, channel->worker);
    return channel;
}

void coil_channel_free(struct coil_channel *channel)
{
    coil_marshal_reset(channel);
    coil_files_close(channel, 0);
    coil_late_free(channel);
    free(channel->oneway);
    free(channel);
}

/* ---- acquiring and giving back ---- */

static void send_reset(struct coil_channel *channel)
{
    const struct coil_header header = { .kind = COIL_RECORD_RESET };

    if (!coil_producer_claim(&channel->requests, 0))
        return; /* one-way calls fill the ring: is_reset() tries again */
    coil_channel_begin(channel);
    (void)coil_producer_publish(&channel->requests, &header);
    channel->reset_sent = true;
}

/*
 * The thread has ended in the C code that Python had asked for: RESET is an answer, too, to this and all that waits
 * around it.  The worker answers none of the calls then, and goes back to where each began.
 */
static void send_abandon(struct coil_channel *channel)
{
    const struct coil_header header = { .kind = COIL_RECORD_RESET };

    if (!coil_producer_claim(&channel->requests, 0))
        return; /* one-way calls fill the ring: is_reset() tries again */
    (void)coil_producer_publish(&channel->requests, &header);
    for (uint32_t i = channel->level_count; i-- > 0;)
        if (i % 2 == 0)
            coil_producer_rewind(&channel->requests, channel->levels[i] & ~COIL_LEVEL_ASKED);
    channel->level_count = 0;
    coil_channel_begin(channel);
    channel->reset_sent = true;
}

/* One reply to a channel whose thread has ended. */
static void reset_reply(struct coil_channel *channel, const struct coil_header *header)
{
    switch (header->kind) {
    case COIL_RECORD_TEXT:
    case COIL_RECORD_PAD:
        coil_consumer_advance(&channel->replies, header);
        coil_consumer_tell(&channel->replies);
        return;
    case COIL_RECORD_ASK:
        if (header->flags & COIL_CALL_ONEWAY) { /* nobody is there to start it; another thread may */
            coil_consumer_advance(&channel->replies, header);
            coil_consumer_tell(&channel->replies);
        } else {
            coil_ask_begin(channel, header); /* reset_on() leaves it */
        }
        return;
    default:
        break;
    }
    coil_channel_finish(channel);
    if (channel->level_count > 0)
        return;
    coil_files_close(channel, 0);
    if (channel->reset_sent) {
        coil_late_forget(channel);
        coil_staging_reset(channel);
        channel->environment = (struct coil_staged){ 0 };
        channel->resetting = channel->reset_sent = false;
    }
    coil_marshal_reset(channel);
}

/* Says what can be said now. */
static void reset_on(struct coil_channel *channel)
{
    if (channel->reset_sent)
        return;
    if (channel->level_count == 0)
        send_reset(channel);
    else if (channel->level_count % 2 == 0)
        send_abandon(channel);
}

/* Tells the worker that the thread has ended.  The answer is looked for when the channel is needed again. */
static void reset(struct coil_channel *channel)
{
    channel->resetting = true;
    reset_on(channel);
}

/*
 * Has the RESET been answered?  Calls that its thread was cancelled in come first: the worker goes back to
 * where they began (I4), so nothing can be sent before their answers are here.
 */
static bool is_reset(struct coil_channel *channel)
{
    struct coil_header header;

    while (channel->resetting && coil_consumer_ready(&channel->replies) &&
           coil_consumer_header(&channel->replies, &header)) {
        reset_reply(channel, &header);
        if (channel->resetting)
            reset_on(channel);
    }
    if (channel->resetting)
        reset_on(channel);
    return !channel->resetting;
}

/* A free channel that can be used.  With the session's lock. */
static struct coil_channel *take_free(struct coil_session *session)
{
    struct coil_channel **at = &session->free_channels;

    while (*at) {
        struct coil_channel *channel = *at;

        if (atomic_load_explicit(&channel->worker->ended, memory_order_acquire)) { /* Q */
            *at = channel->next;
            coil_channel_free(channel);
        } else if (is_reset(channel)) {
            *at = channel->next;
            return channel;
        } else {
            at = &channel->next;
        }
    }
    return NULL;
}

/*
 * All channels are taken, but those of threads that have ended come free as soon as the worker gets to
 * it.  With the session's lock, which is given up between looks.
 */
static struct coil_channel *await_free(struct coil_session *session)
{
    const struct timespec moment = { 0, 1000000 };
    struct coil_channel *channel = NULL;

    for (int i = 0; i < RESET_WAIT_MS && session->free_channels && !channel && !coil_session_is_dead(session); i++) {
        (void)pthread_mutex_unlock(&session->lock);
        (void)nanosleep(&moment, NULL);
        (void)pthread_mutex_lock(&session->lock);
        channel = take_free(session);
    }
    return channel;
}

/*
 * The deadline has passed before the daemon has answered.  The channel will be there sooner or later; that it is, the
 * answer to a RESET tells.  NULL with words.
 */
static struct coil_channel *open_later(struct coil_session *session, struct coil_error *error)
{
    struct coil_channel *channel = coil_channel_new(session, session->channel_count);

    if (channel) {
        session->channel_count++;
        reset(channel);
        channel->next = session->free_channels;
        session->free_channels = channel;
    }
    coil_error_set(error, -ETIME, "its deadline has passed");
    return NULL;
}

/* One more channel, through the daemon.  With the session's lock. */
static struct coil_channel *open_another(struct coil_session *session, struct coil_error *error)
{
    const struct coil_message request = { .type = COIL_MESSAGE_CHANNEL,
                                          .request = ++session->requests,
                                          .session = session->number,
                                          .channel = session->channel_count };
    COIL_CLEANUP(coil_wire_message_deinit) struct coil_wire_message reply = COIL_WIRE_MESSAGE_INIT;
    struct coil_channel *channel;
    int r;

    if (session->channel_count >= COIL_CHANNELS_MAX) {
        coil_error_set(error, -EBUSY, "more than %u threads call Python at once: let some end", COIL_CHANNELS_MAX);
        return NULL;
    }
    if (coil_session_is_cut_off(session)) {
        coil_error_set(error, -EPIPE, "the daemon no longer serves this program's session");
        return NULL;
    }
    r = coil_wire_call(session->wire, &request, NULL, &reply, coil_deadline_cut(REQUEST_TIMEOUT_MS), error);
    if (r == -ETIMEDOUT && coil_deadline_has_passed())
        return open_later(session, error);
    if (r < 0)
        return NULL;
    /* Whatever the daemon says of a worker that has gone: nothing has been called yet. */
    if (reply.message.type == COIL_MESSAGE_FAILED && coil_session_is_cut_off(session)) {
        coil_error_set(error, -EPIPE, "the worker has gone");
        return NULL;
    }
    if (reply.message.type == COIL_MESSAGE_FAILED) {
        coil_error_set(error, -EBUSY, "the daemon opened no channel for this thread: %s", reply.message.text);
        return NULL;
    }
    channel = reply.message.type == COIL_MESSAGE_DONE ? coil_channel_new(session, session->channel_count) : NULL;
    if (!channel)
        coil_error_set(error, -ENOMEM, "no memory for a channel");
    else
        session->channel_count++;
    return channel;
}

void coil_channel_release(struct coil_channel *channel)
{
    struct coil_session *session = channel->session;

    if (atomic_load_explicit(&session->gone, memory_order_relaxed) ||
        atomic_load_explicit(&channel->worker->ended, memory_order_acquire)) { /* Q */
        coil_channel_free(channel);
    } else {
        reset(channel);
        COIL_FAULT("channel.given_back");
        (void)pthread_mutex_lock(&session->lock);
        channel->next = session->free_channels;
        session->free_channels = channel;
        (void)pthread_mutex_unlock(&session->lock);
    }
    (void)pthread_mutex_lock(&coil_runtime_lock);
    coil_session_unref(session);
    (void)pthread_mutex_unlock(&coil_runtime_lock);
}

void coil_channel_leave(struct coil_channel *channel)
{
    struct coil_thread *thread = coil_thread_self;
    struct coil_channel **at = &thread->channels;

    while (*at != channel)
        at = &(*at)->next;
    *at = channel->next;
    if (thread->channel == channel)
        thread->channel = NULL;
    coil_channel_release(channel);
}

void coil_channel_lost(struct coil_channel *channel)
{
    struct coil_thread *thread = coil_thread_self;
    int cancel;

    COIL_FAULT("channel.lost");
    channel->lost = true;
    if (channel->level_count > 0)
        return;                                                    /* whoever waits further out will learn it, too */
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel); /* locks are held */
    coil_unsent_save(thread, channel);
    if (coil_session_is_cut_off(channel->session))
        coil_session_retire(channel->session);
    coil_channel_leave(channel);
    (void)pthread_setcancelstate(cancel, NULL);
}

/* Gives up this thread's channels of sessions that are known to be gone: another thread may have found out first. */
static void drop_dead(struct coil_thread *thread)
{
    struct coil_channel **at = &thread->channels;

    while (*at) {
        struct coil_channel *channel = *at;

        if (channel->level_count > 0 || !atomic_load_explicit(&channel->session->gone, memory_order_relaxed)) {
            at = &channel->next;
            continue;
        }
        coil_unsent_save(thread, channel);
        *at = channel->next;
        if (thread->channel == channel)
            thread->channel = NULL;
        coil_channel_release(channel);
    }
}

struct coil_channel *coil_channel_acquire(struct coil_session *session, struct coil_error *error)
{
    struct coil_channel *channel;

    if (coil_deadline_lock(&session->lock) < 0) {
        coil_error_set(error, -ETIME, "its deadline has passed");
        return NULL;
    }
    if (atomic_load_explicit(&session->late_unsaid, memory_order_relaxed))
        coil_late_tell(session);
    channel = take_free(session);
    if (!channel && session->channel_count >= COIL_CHANNELS_MAX)
        channel = await_free(session);
    if (!channel)
        channel = open_another(session, error);
    (void)pthread_mutex_unlock(&session->lock);
    if (!channel)
        return NULL;
    COIL_FAULT("channel.acquired");
    (void)pthread_mutex_lock(&coil_runtime_lock);
    coil_session_ref(session);
    (void)pthread_mutex_unlock(&coil_runtime_lock);
    channel->next = NULL;
    channel->oneway_refused = atomic_load_explicit(&channel->worker->refused, memory_order_relaxed); /* of another's */
    return channel;
}

struct coil_channel *coil_channel_get(struct coil_session *session, struct coil_error *error)
{
    struct coil_thread *thread = coil_thread_get();
    struct coil_channel *channel;

    if (!thread) {
        coil_error_set(error, -ENOMEM, "no memory for this thread's state");
        return NULL;
    }
    for (channel = thread->channels; channel; channel = channel->next)
        if (channel->session == session && channel->late_count == 0)
            break;
    if (!channel) {
        drop_dead(thread);
        channel = coil_channel_acquire(session, error);
        if (!channel)
            return NULL;
        channel->next = thread->channels;
        thread->channels = channel;
    }
    /* As long as there are calls that come first, every call goes the slow way. */
    thread->channel = thread->unsent ? NULL : channel;
    return channel;
}

void coil_remote_thread_end(struct coil_thread *thread)
{
    coil_remote_drain(thread);
    while (thread->channels) {
        struct coil_channel *channel = thread->channels;

        thread->channels = channel->next;
        coil_channel_release(channel);
    }
    thread->channel = NULL;
}

/* ---- waiting ---- */

bool coil_channel_started(const struct coil_channel *channel, uint32_t sequence)
{
    return channel->levels[channel->level_count - 1] & COIL_LEVEL_ASKED ||
           atomic_load_explicit(&channel->worker->started, memory_order_acquire) == sequence; /* S */
}

int coil_channel_look(struct coil_channel *channel)
{
    if (coil_session_is_dead(channel->session) ||
        atomic_load_explicit(&channel->worker->ended, memory_order_acquire)) /* Q */
        return -ESRCH;
    if (coil_deadline_has_passed())
        return -ETIME;
    return coil_session_is_lost(channel->session) ? -ETIMEDOUT : 0;
}

int coil_channel_await(struct coil_channel *channel)
{
    if (coil_spin_wait(&channel->spin, &channel->replies) ||
        coil_consumer_sleep(&channel->replies, &channel->spin, coil_deadline_cut(FIRST_SLICE_MS)))
        return 0;
    do {
        int r = coil_channel_look(channel);

        if (r < 0) /* what was published before the end counts */
            return coil_consumer_ready(&channel->replies) ? 0 : r;
    } while (!coil_consumer_sleep(&channel->replies, &channel->spin,
                                  channel->is_service && channel->level_count == 1 ? SERVICE_SLICE_MS
                                                                                   : coil_deadline_cut(SLICE_MS)));
    return 0;
}

/* Python has written something: so does the program, now. */
static void write_text(struct coil_channel *channel, const struct coil_header *header)
{
    char text[COIL_PAYLOAD_MAX];
    size_t size = header->size < sizeof text ? header->size : sizeof text;
    size_t seen;

    memcpy(text, coil_consumer_payload(&channel->replies), size);
    coil_consumer_advance(&channel->replies, header);
    coil_consumer_tell(&channel->replies);
    seen = channel->echo ? coil_echo_heard(channel->echo, header->outcome, text, size) : 0;
    if (size > seen)
        coil_output_write(header->outcome, text + seen, size - seen);
}

static void skip(struct coil_channel *channel, const struct coil_header *header)
{
    coil_consumer_advance(&channel->replies, header);
    coil_consumer_tell(&channel->replies);
}

int coil_channel_drain(struct coil_channel *channel)
{
    struct coil_header header;

    while (coil_consumer_ready(&channel->replies)) {
        if (!coil_consumer_header(&channel->replies, &header))
            return -EPROTO;
        if (header.kind == COIL_RECORD_TEXT) {
            write_text(channel, &header);
        } else if (header.kind == COIL_RECORD_PAD) {
            skip(channel, &header);
        } else if (header.kind == COIL_RECORD_ASK && header.flags & COIL_CALL_ONEWAY) {
            skip(channel, &header);
            coil_service_want(channel);
        } else if (header.kind == COIL_RECORD_FAILED) {
            channel->is_broken = true; /* a one-way call was refused */
            return -ESRCH;
        } else {
            return -EPROTO;
        }
    }
    return 0;
}

int coil_channel_explain(struct coil_channel *channel, int code, enum coil_status *ret_status, struct coil_error *error)
{
    switch (code) {
    case -ESRCH:
    case -ETIMEDOUT:
        *ret_status = COIL_E_NOT_STARTED;
        return coil_error_set(error, channel->level_count > 0 ? -ESRCH : -EAGAIN,
                              "the Python worker (process %ld) died before the call began",
                              (long)channel->session->worker);
    case -ECHILD:
        *ret_status = COIL_E_DIED;
        return coil_error_set(error, -ESRCH, "this process was forked in a call of its parent");
    case -ENOMEM:
        *ret_status = COIL_E_MEMORY;
        return coil_error_set(error, -ENOMEM, "no memory for a longer queue of calls");
    case -ETIME:
        return coil_deadline_explain(ret_status, error, "the worker was busy with earlier calls of this thread");
    default:
        *ret_status = COIL_E_PROTOCOL;
        return coil_error_set(error, -EPROTO, "the worker's answer makes no sense");
    }
}

const char *coil_channel_words(const struct coil_channel *channel, const struct coil_header *header,
                               char ret_text[COIL_ERROR_TEXT_MAX])
{
    size_t size = header->size < COIL_ERROR_TEXT_MAX ? header->size : COIL_ERROR_TEXT_MAX - 1;

    memcpy(ret_text, coil_consumer_payload(&channel->replies), size);
    ret_text[size] = '\0';
    return size ? ret_text : "the daemon's log (coilctl status names it) says why";
}

/*
 * Of a handler that prints or asks without end, no reply is ever waited for; nothing of that is taken once the deadline
 * has passed.
 */
static bool is_too_late(const struct coil_header *header)
{
    bool has_ended =
        header->kind != COIL_RECORD_TEXT && header->kind != COIL_RECORD_ASK && header->kind != COIL_RECORD_PAD;

    return !has_ended && coil_thread_self->deadline.end_ms + coil_thread_self->deadline.pending_ms > 0 &&
           coil_deadline_has_passed();
}

int coil_channel_receive_any(struct coil_channel *channel, struct coil_header *ret_header, struct coil_scope *scope)
{
    for (;;) {
        int r = coil_channel_await(channel);

        if (r < 0)
            return r;
        if (!coil_consumer_header(&channel->replies, ret_header))
            return -EPROTO;
        if (is_too_late(ret_header))
            return -ETIME;
        switch (ret_header->kind) {
        case COIL_RECORD_TEXT:
            write_text(channel, ret_header);
            break;
        case COIL_RECORD_PAD:
            skip(channel, ret_header);
            break;
        case COIL_RECORD_ASK:
            if (ret_header->flags & COIL_CALL_ONEWAY) {
                skip(channel, ret_header);
                coil_service_want(channel);
                break;
            }
            r = coil_ask_execute(channel, ret_header, scope);
            if (r < 0)
                return r;
            break;
        default:
            return 0;
        }
    }
}
