/*
 * One thread's channel.
 *
 * A thread acquires a channel of a session at its first call through it and keeps it
 * until it ends.  Then the worker is told to forget the Python thread state (a
 * RESET record, whose answer nobody waits for), and the channel serves the next
 * new thread.
 *
 * Waiting: spin, then sleep in slices of at most 100 ms; before each slice the
 * pidfd is asked, so a worker's death needs no one to announce it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/remote/remote.h"
#include "proto/cleanup.h"

#define SLICE_MS 100
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
    coil_spin_init(&channel->spin);
    return channel;
}

/* ---- acquiring and giving back ---- */

/* A free channel whose RESET has been answered.  With the session's lock. */
static struct coil_channel *take_free(struct coil_session *session)
{
    for (struct coil_channel **at = &session->free_channels; *at; at = &(*at)->next) {
        struct coil_channel *channel = *at;

        if (channel->resetting) {
            struct coil_header header;

            if (!coil_consumer_ready(&channel->replies) || !coil_consumer_header(&channel->replies, &header) ||
                header.kind != COIL_RECORD_RESETTED)
                continue;
            coil_channel_finish(channel, &header,
                                &(struct coil_exchange){ channel->reset_request, channel->reset_reply });
            channel->resetting = false;
        }
        *at = channel->next;
        return channel;
    }
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

    if (session->channel_count >= COIL_CHANNELS_MAX) {
        coil_error_set(error, -EAGAIN, "more than %u threads call Python at once", COIL_CHANNELS_MAX);
        return NULL;
    }
    if (coil_wire_call(session->wire, &request, NULL, &reply, REQUEST_TIMEOUT_MS, error) < 0)
        return NULL;
    if (reply.message.type == COIL_MESSAGE_FAILED) {
        coil_error_set(error, -EAGAIN, "the daemon opened no channel for this thread: %s", reply.message.text);
        return NULL;
    }
    channel = reply.message.type == COIL_MESSAGE_DONE ? coil_channel_new(session, session->channel_count) : NULL;
    if (!channel)
        coil_error_set(error, -ENOMEM, "no memory for a channel");
    else
        session->channel_count++;
    return channel;
}

/* Tells the worker that the thread has ended.  The answer is looked for when the channel is needed again. */
static void reset(struct coil_channel *channel)
{
    const struct coil_header header = { .kind = COIL_RECORD_RESET };

    if (!coil_producer_claim(&channel->requests, 0))
        return;
    channel->reset_request = channel->requests.cursor;
    channel->reset_reply = channel->replies.cursor;
    channel->resetting = true;
    (void)coil_producer_publish(&channel->requests, &header);
}

void coil_channel_release(struct coil_channel *channel)
{
    struct coil_session *session = channel->session;

    if (coil_session_is_dead(session)) {
        free(channel);
    } else {
        reset(channel);
        (void)pthread_mutex_lock(&session->lock);
        channel->next = session->free_channels;
        session->free_channels = channel;
        (void)pthread_mutex_unlock(&session->lock);
    }
    (void)pthread_mutex_lock(&coil_runtime_lock);
    coil_session_unref(session);
    (void)pthread_mutex_unlock(&coil_runtime_lock);
}

void coil_channel_lost(struct coil_channel *channel)
{
    struct coil_thread *thread = coil_thread_self;
    struct coil_channel **at = &thread->channels;

    coil_session_retire(channel->session);
    while (*at != channel)
        at = &(*at)->next;
    *at = channel->next;
    if (thread->channel == channel)
        thread->channel = NULL;
    coil_channel_release(channel);
}

/* Gives up this thread's channels whose worker is known to be dead: another thread may have found out first. */
static void drop_dead(struct coil_thread *thread)
{
    struct coil_channel **at = &thread->channels;

    while (*at) {
        struct coil_channel *channel = *at;

        if (!atomic_load_explicit(&channel->session->dead, memory_order_relaxed)) {
            at = &channel->next;
            continue;
        }
        *at = channel->next;
        if (thread->channel == channel)
            thread->channel = NULL;
        coil_channel_release(channel);
    }
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
        if (channel->session == session)
            break;
    if (!channel) {
        drop_dead(thread);
        (void)pthread_mutex_lock(&session->lock);
        channel = take_free(session);
        if (!channel)
            channel = open_another(session, error);
        (void)pthread_mutex_unlock(&session->lock);
        if (!channel)
            return NULL;
        (void)pthread_mutex_lock(&coil_runtime_lock);
        coil_session_ref(session);
        (void)pthread_mutex_unlock(&coil_runtime_lock);
        channel->next = thread->channels;
        thread->channels = channel;
    }
    thread->channel = channel;
    return channel;
}

void coil_remote_thread_end(struct coil_thread *thread)
{
    while (thread->channels) {
        struct coil_channel *channel = thread->channels;

        thread->channels = channel->next;
        coil_channel_release(channel);
    }
    thread->channel = NULL;
}

/* ---- waiting ---- */

/* True: a reply is ready.  False: the worker is dead, and none will come. */
static bool wait_for_reply(struct coil_channel *channel)
{
    if (coil_spin_wait(&channel->spin, &channel->replies))
        return true;
    do {
        if (coil_session_is_dead(channel->session))
            return coil_consumer_ready(&channel->replies);
    } while (!coil_consumer_sleep(&channel->replies, SLICE_MS));
    return true;
}

/* Python has written something: so does the program, now. */
static void write_text(struct coil_channel *channel, const struct coil_header *header)
{
    char text[COIL_PAYLOAD_MAX];
    size_t size = header->size < sizeof text ? header->size : sizeof text;

    memcpy(text, coil_consumer_payload(&channel->replies), size);
    coil_consumer_advance(&channel->replies, header);
    coil_consumer_tell(&channel->replies);
    coil_output_write(header->outcome, text, size);
}

int coil_channel_receive_any(struct coil_channel *channel, struct coil_header *ret_header)
{
    for (;;) {
        if (!wait_for_reply(channel))
            return -ESRCH;
        if (!coil_consumer_header(&channel->replies, ret_header))
            return -EPROTO;
        switch (ret_header->kind) {
        case COIL_RECORD_TEXT:
            write_text(channel, ret_header);
            break;
        case COIL_RECORD_PAD:
            coil_consumer_advance(&channel->replies, ret_header);
            coil_consumer_tell(&channel->replies);
            break;
        default:
            return 0;
        }
    }
}
