/*
 * One channel: a thread that serves one client thread.
 *
 * It takes records in ring order and answers each before it takes the next,
 * so a handler that blocks holds up its own caller only.  A handler that asks its program for something (ask.c)
 * serves the channel itself until the answer comes.  Its Python thread state
 * lives as long as the client's thread, which is what makes threading.local work as in
 * one process.  While no call is there it holds no lock and, but for the first
 * fraction of a microsecond, not the GIL: it spins, then it sleeps until the client
 * publishes (or the session closes).
 *
 * A client that breaks the protocol ends its channel; nothing it writes can stop
 * the worker.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/worker/running.h"
#include "proto/cleanup.h"
#include "proto/clock.h"
#include "proto/fault.h"

#define PATIENCE_MS 1000 /* with a program that does not read what one-way handlers print */
#define NOWHERE UINT64_MAX
#define BATCH_MAX 32   /* one-way calls carried out in a row while others wait for the GIL */
#define TURN_NS 200000 /* calls carried out in a row while others wait, if they follow each other at once */

/*
 * Channels that wait for the GIL.  Taking and dropping it costs about as much as a small
 * handler, so a channel keeps it for the moment in which its client may call again, unless
 * another channel is in this count.  Threads that Python started itself are not in it:
 * they get the GIL from the running handler, as in any Python.  Relaxed: a hint.
 */
static _Atomic int gil_wanted;

bool coil_worker_forked;

static void after_fork_in_child(void)
{
    coil_worker_forked = true;
    coil_heap_forked();
    coil_functions_forked();
}

int coil_channel_prepare(void)
{
    return -pthread_atfork(NULL, NULL, after_fork_in_child);
}

static void *await_room(struct coil_channel *channel, uint32_t size, bool is_text)
{
    const struct timespec moment = { 0, 50000 };
    void *payload;

    /* The client is awake and reading, so room comes soon; only much text at once gets here. */
    while (!(payload = coil_producer_claim(&channel->replies, size))) {
        if (atomic_load_explicit(&channel->session->closing, memory_order_relaxed) ||
            (is_text && coil_running_late(channel)))
            return NULL;
        (void)nanosleep(&moment, NULL);
    }
    return payload;
}

void *coil_channel_claim(struct coil_channel *channel, uint32_t size)
{
    return await_room(channel, size, false);
}

void *coil_channel_claim_text(struct coil_channel *channel, uint32_t size)
{
    return await_room(channel, size, true);
}

void *coil_channel_claim_patiently(struct coil_channel *channel, uint32_t size)
{
    const struct timespec moment = { 0, 1000000 };
    int64_t since_ms = coil_clock_ms();
    uint64_t consumed = channel->replies.consumed;
    void *payload;

    while (!(payload = coil_producer_claim(&channel->replies, size))) {
        if (channel->replies.consumed != consumed)
            since_ms = coil_clock_ms();
        consumed = channel->replies.consumed;
        if (channel->text_in_log || coil_clock_ms() - since_ms >= PATIENCE_MS ||
            atomic_load_explicit(&channel->session->closing, memory_order_relaxed))
            return NULL;
        (void)nanosleep(&moment, NULL);
    }
    return payload;
}

void coil_channel_break(struct coil_channel *channel, const char *what)
{
    const struct coil_header header = { .kind = COIL_RECORD_FAILED, .outcome = COIL_FAILED_PROTOCOL };

    fprintf(stderr, "coil-worker: session %llu, channel %u (process %llu of user %llu): %s; the channel is closed\n",
            (unsigned long long)channel->session->number, channel->index,
            (unsigned long long)channel->session->peer.pid, (unsigned long long)channel->session->peer.uid, what);
    channel->broken = true;
    /* The ring may be full, of a client that does not read: nobody else waits for it. */
    if (coil_channel_claim_answer(channel, 0))
        (void)coil_producer_publish(&channel->replies, &header);
}

void coil_channel_enter(struct coil_channel *channel)
{
    if (channel->has_gil)
        return;
    (void)atomic_fetch_add_explicit(&gil_wanted, 1, memory_order_relaxed);
    if (channel->asks)
        coil_worker_host->resume(channel->paused);
    else
        coil_worker_host->enter(channel->host_thread);
    (void)atomic_fetch_sub_explicit(&gil_wanted, 1, memory_order_relaxed);
    channel->has_gil = true;
    channel->batch = 0;
    channel->turn_ends_ns = coil_clock_ns() + TURN_NS;
}

/* A handler that waits for the program stays entered, and gives up no more than the GIL. */
void coil_channel_leave(struct coil_channel *channel)
{
    if (!channel->has_gil)
        return;
    if (channel->asks)
        channel->paused = coil_worker_host->pause();
    else
        coil_worker_host->leave(channel->host_thread);
    channel->has_gil = false;
}

void *coil_channel_claim_answer(struct coil_channel *channel, uint32_t size)
{
    void *payload = coil_producer_claim(&channel->replies, size);

    /* The client may be stopped, or wait for whoever reads its output: no reason to hold up all the others. */
    if (!payload) {
        coil_channel_leave(channel);
        payload = coil_channel_claim(channel, size);
    }
    return payload;
}

void coil_channel_answer(struct coil_channel *channel, uint64_t request_position, const struct coil_header *answer)
{
    coil_consumer_rewind(&channel->requests, request_position);
    coil_producer_answer(&channel->replies, answer);
}

int coil_channel_drop(struct coil_channel *channel, uint64_t request_position)
{
    if (channel->broken)
        return -ECANCELED;
    coil_consumer_rewind(&channel->requests, request_position);
    return 0;
}

/* The client's thread has ended: its Python thread state goes with it, and the next thread gets a fresh one. */
static int reset(struct coil_channel *channel)
{
    const struct coil_header answer = { .kind = COIL_RECORD_RESET_DONE };
    uint64_t position = channel->requests.cursor;

    channel->abandoned = false;
    coil_channel_leave(channel);
    COIL_FAULT("channel.reset");
    coil_worker_host->thread_detach(channel->host_thread);
    channel->host_thread = coil_worker_host->thread_attach(channel);
    if (!channel->host_thread || !coil_channel_claim(channel, 0))
        return -ECANCELED;
    coil_channel_answer(channel, position, &answer);
    return 0;
}

static int flush(struct coil_channel *channel, const struct coil_header *header)
{
    const struct coil_header answer = { .kind = COIL_RECORD_FLUSHED };
    uint64_t position = channel->requests.cursor;

    coil_consumer_advance(&channel->requests, header);
    if (!coil_channel_claim_answer(channel, 0))
        return -ECANCELED;
    coil_channel_answer(channel, position, &answer);
    return 0;
}

static int execute(struct coil_channel *channel, const struct coil_header *header, struct coil_error *error)
{
    uint64_t position;

    switch (header->kind) {
    case COIL_RECORD_CALL:
        return header->flags & COIL_CALL_ONEWAY ? coil_oneway_execute(channel, header, error)
                                                : coil_call_execute(channel, header, error);
    case COIL_RECORD_SERVE:
        coil_channel_leave(channel);
        return coil_service_park(channel, header, error);
    case COIL_RECORD_FLUSH:
        return flush(channel, header);
    case COIL_RECORD_OPEN:
        return coil_open_execute(channel, header, error);
    case COIL_RECORD_RESET:
        position = channel->requests.cursor;
        coil_consumer_advance(&channel->requests, header);
        if (channel->deserted && channel->deserted_at != NOWHERE)
            coil_consumer_rewind(&channel->requests, channel->deserted_at);
        else if (!channel->deserted && channel->asks == 0)
            coil_consumer_rewind(&channel->requests, position);
        channel->deserted = false;
        channel->abandoned = true; /* handlers that wait for the thread are left first, and go back further */
        return 0;
    case COIL_RECORD_PAD:
        coil_consumer_advance(&channel->requests, header);
        coil_consumer_tell(&channel->requests);
        return 0;
    default:
        return coil_error_set(error, -EPROTO, "the client sent a record of unknown kind %u", header->kind);
    }
}

/*
 * Is the next record here, or coming at once, so that the GIL is worth keeping for it?  Even if others wait, a queue of
 * one-way calls is carried on with for a while, and so are calls that follow each other: handing the GIL over takes as
 * long as dozens of small ones.  (Python's own threads give each other turns of 5 ms.)
 */
static bool is_worth_keeping(struct coil_channel *channel)
{
    if (atomic_load_explicit(&gil_wanted, memory_order_relaxed) == 0)
        return coil_spin_brief(&channel->spin, &channel->requests);
    if (channel->batch)
        return channel->batch < BATCH_MAX && coil_consumer_ready(&channel->requests);
    return coil_clock_ns() < channel->turn_ends_ns && coil_spin_brief(&channel->spin, &channel->requests);
}

/* Does the channel end here?  A handler that waits for its program stays while that lives, and so do calls that are
 * here. */
static bool has_to_leave(struct coil_channel *channel)
{
    unsigned standing = atomic_load_explicit(&channel->session->standing, memory_order_relaxed);

    if (__builtin_expect(standing == COIL_SESSION_STAYS, 1) || channel->asks > 0)
        return false;
    if (standing == COIL_SESSION_MOVING) {
        coil_channel_leave(channel);
        standing = coil_move_park(channel);
    }
    return standing == COIL_SESSION_MOVED ||
           (standing == COIL_SESSION_LEAVES && !coil_consumer_ready(&channel->requests));
}

/*
 * I9: a handler waits for its program, which has given up the outermost call and said nothing more: everything is left.
 * RESET will come here; how far the ring has got then is the client's view already, which both sides need to agree on
 * what can be used again (I4).
 */
static bool desert(struct coil_channel *channel)
{
    const struct coil_running *late = channel->asks > 0 && !channel->serves ? coil_running_late(channel) : NULL;

    if (!late || late->outer || coil_consumer_ready(&channel->requests))
        return false;
    channel->deserted = true;
    channel->deserted_at = channel->requests.cursor;
    coil_consumer_expect(&channel->requests);
    return true;
}

/* Everything has been left: RESET is waited for, where it will be; what has been gone back to meanwhile is kept. */
static void await_reset(struct coil_channel *channel)
{
    uint64_t back_at = channel->requests.cursor;

    channel->requests.cursor = channel->deserted_at;
    if (back_at != channel->deserted_at)
        channel->deserted_at = back_at;
    else
        channel->deserted_at = NOWHERE;
}

/* True: a record is ready.  False: the session is closing, or the channel deserted. */
static bool wait_for_record(struct coil_channel *channel)
{
    if (has_to_leave(channel))
        return false;
    if (channel->has_gil) {
        if (is_worth_keeping(channel))
            return true;
        coil_channel_leave(channel);
    }
    if (coil_spin_wait(&channel->spin, &channel->requests))
        return true;
    atomic_store_explicit(&channel->waits_at, (uint32_t)(channel->requests.cursor & (COIL_RING_SIZE - 1)),
                          memory_order_relaxed);
    if (desert(channel))
        return false;
    while (!coil_consumer_sleep(&channel->requests, &channel->spin, -1))
        if (desert(channel) || atomic_load_explicit(&channel->session->closing, memory_order_relaxed) ||
            has_to_leave(channel))
            return false;
    return true;
}

int coil_channel_serve(struct coil_channel *channel, unsigned until, struct coil_header *ret_header)
{
    struct coil_error error; /* large, so it is filled only when it is needed */
    bool is_awaiting_reset = false;
    int r = 0;

    while (r == 0) {
        is_awaiting_reset = is_awaiting_reset && channel->deserted;
        if (channel->abandoned && channel->asks == 0) {
            r = reset(channel);
            continue;
        }
        if (channel->deserted && channel->asks == 0 && !is_awaiting_reset) {
            await_reset(channel);
            is_awaiting_reset = true;
        }
        if ((coil_channel_has_nobody(channel) && !is_awaiting_reset) || !wait_for_record(channel))
            return -ESRCH;
        if (!coil_consumer_header(&channel->requests, ret_header)) {
            coil_channel_break(channel, "the client sent a record that does not fit its ring");
            return -EPROTO;
        }
        if (ret_header->kind == until)
            return 0;
        if (is_awaiting_reset && ret_header->kind != COIL_RECORD_RESET && ret_header->kind != COIL_RECORD_PAD)
            r = coil_error_set(&error, -EPROTO, "the client goes on after it has given up its call");
        else
            r = execute(channel, ret_header, &error);
    }
    if (r == -EPROTO)
        coil_channel_break(channel, error.text);
    return r;
}

void coil_channel_wake(const struct coil_channel *channel)
{
    uint32_t at = atomic_load_explicit(&channel->waits_at, memory_order_relaxed);

    (void)coil_ring_wake((const _Atomic uint32_t *)(const void *)(channel->requests.ring + at));
}

/* Tells the client that the thread has left: what has been carried out, and that no more will come. */
static void tell_end(struct coil_channel *channel)
{
    coil_consumer_tell(&channel->requests);
    atomic_store_explicit(&channel->control->ended, 1, memory_order_release); /* Q */
    (void)coil_ring_wake(&coil_producer_at(&channel->replies, channel->replies.cursor)->commit);
    atomic_store_explicit(&channel->ended, true, memory_order_release); /* E */
}

static void *channel_main(void *argument)
{
    struct coil_channel *channel = argument;
    struct coil_header header;

    coil_fatal_thread(channel);
    COIL_FAULT("channel.begun");
    channel->host_thread = coil_worker_host->thread_attach(channel);
    if (!channel->host_thread)
        coil_channel_break(channel, "no memory for a Python thread state");
    else
        (void)coil_channel_serve(channel, 0, &header);
    coil_channel_leave(channel);
    if (channel->oneway_dropped)
        fprintf(stderr,
                "coil-worker: session %llu, channel %u: the program has gone, and %llu of its one-way calls were not "
                "carried out\n",
                (unsigned long long)channel->session->number, channel->index,
                (unsigned long long)channel->oneway_dropped);
    coil_worker_host->thread_detach(channel->host_thread);
    coil_fatal_thread(NULL);
    COIL_FAULT("channel.ended");
    tell_end(channel);
    return NULL;
}

int coil_channel_start(struct coil_session *session, uint32_t index, struct coil_channel **ret_channel,
                       struct coil_error *error)
{
    COIL_CLEANUP(coil_memory_free)
    struct coil_channel *channel = aligned_alloc(64, (sizeof *channel + 63) & ~(size_t)63);
    uintptr_t requests = session->base + COIL_REQUESTS_OFFSET, replies = session->base + COIL_REPLIES_OFFSET;
    pthread_attr_t attributes;
    int r;

    if (!channel)
        return coil_error_set(error, -ENOMEM, "no memory for a channel");
    *channel = (struct coil_channel){ .session = session, .index = index };
    channel->control = (struct coil_control *)(replies + COIL_REPLIES_CONTROL(index));
    coil_consumer_init(&channel->requests, (const void *)(requests + COIL_REQUESTS_RING(index)), channel->control);
    coil_producer_init(&channel->replies, (void *)(replies + COIL_REPLIES_RING(index)),
                       (const struct coil_control *)(requests + COIL_REQUESTS_CONTROL(index)));
    coil_spin_init(&channel->spin, channel->requests.own, channel->replies.peer);

    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, COIL_CHANNEL_STACK_SIZE);
    r = pthread_create(&channel->thread, &attributes, channel_main, channel);
    (void)pthread_attr_destroy(&attributes);
    if (r)
        return coil_error_set(error, -r, "no thread for a channel: %s", strerror(r));
    *ret_channel = coil_steal_memory(&channel);
    return 0;
}
