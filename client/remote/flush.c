/*
 * Waiting for one-way calls: coil_flush(), and the end of threads and of the program.
 *
 * A FLUSH record is answered when all before it have been carried out.  A program that ends
 * waits for a while, so that what handlers print or ask for still finds it.  What is queued then is carried out all the
 * same: the worker empties the rings of programs that have gone.  So this is only for the thread that
 * ends the program; what other threads have queued is left to the worker.
 */
#include <errno.h>

#include "client/remote/oneway.h"
#include "proto/clock.h"
#include "proto/fault.h"

#define END_TIMEOUT_MS 5000

void coil_oneway_note_refused(struct coil_thread *thread, struct coil_channel *channel)
{
    uint32_t refused;

    if (channel->forked)
        return; /* the parent's, whose memory is not here any more */
    refused = atomic_load_explicit(&channel->worker->refused, memory_order_relaxed);
    if (refused == channel->oneway_refused)
        return;
    channel->oneway_refused = refused;
    thread->oneway_lost = COIL_E_REFUSED;
    coil_error_set(&thread->oneway_error, -EIO, "the Python worker has refused one-way calls; each was said on stderr");
}

/* 0; -EAGAIN: the worker died, and what had not begun is in the thread's list; else with words. */
static int flush_channel(struct coil_channel *channel, enum coil_status *ret_status, struct coil_error *error)
{
    const struct coil_header request = { .kind = COIL_RECORD_FLUSH };
    struct coil_scope scope = { .outer = channel->scopes, .channel = channel }; /* one-way handlers ask elsewhere */
    struct coil_header reply;
    uint32_t sequence, level;
    int r;

    if (coil_channel_claim(channel, 0, &r)) {
        coil_channel_begin(channel);
        level = channel->level_count;
        sequence = coil_producer_publish(&channel->requests, &request);
        r = coil_channel_receive(channel, &reply, &scope);
        if (r == 0 && reply.kind == COIL_RECORD_FLUSHED) {
            coil_channel_finish(channel);
            return 0;
        }
        if (r == -ETIME) {
            channel->oneway_pending = false; /* said here, or at the end of the thread left to the worker */
            coil_late_begin(channel, sequence, &scope);
            coil_late_leave(channel, level);
            return coil_deadline_explain(ret_status, error, "one-way calls were carried out, which goes on");
        }
        coil_channel_end(channel);
        if (r == 0)
            r = -EPROTO;
    }
    r = coil_channel_explain(channel, r, ret_status, error);
    if (r == -EAGAIN || r == -ESRCH) /* within a call, whoever waits for that will learn it, too */
        coil_channel_lost(channel);
    return r;
}

static struct coil_channel *find_pending(const struct coil_thread *thread)
{
    struct coil_channel *channel = thread->channels;

    while (channel && !channel->oneway_pending)
        channel = channel->next;
    return channel;
}

/* Until nothing is under way any more.  Every worker that dies meanwhile takes one call with it, so this ends. */
static int flush(struct coil_thread *thread, enum coil_status *ret_status, struct coil_error *error)
{
    int r = 0;

    while (r == 0 || r == -EAGAIN) {
        struct coil_channel *channel;

        if (coil_unsent_send(thread) < 0)
            return coil_deadline_explain(ret_status, error, "one-way calls were sent");
        channel = find_pending(thread);
        if (!channel)
            return 0;
        r = flush_channel(channel, ret_status, error);
    }
    return r;
}

/* The environment's, as far as every daemon allows that this thread has to do with. */
static uint32_t limit_of(const struct coil_thread *thread)
{
    uint32_t limit_ms = coil_environment_timeout();

    for (const struct coil_channel *channel = thread->channels; channel; channel = channel->next)
        limit_ms =
            coil_deadline_shorter(limit_ms, atomic_load_explicit(&channel->session->max_call_ms, memory_order_relaxed));
    return limit_ms;
}

int coil_remote_flush(struct coil_thread *thread)
{
    enum coil_status status = COIL_E_DIED;
    struct coil_deadline outer;
    struct coil_error error;
    int r;

    coil_deadline_enter(&outer, limit_of(thread));
    r = flush(thread, &status, &error);
    coil_deadline_leave(&outer);
    for (struct coil_channel *channel = thread->channels; channel; channel = channel->next)
        coil_oneway_note_refused(thread, channel);
    thread->status = COIL_OK;
    if (r < 0) {
        thread->status = status == COIL_E_NOT_STARTED ? COIL_E_DIED : status; /* of what was to be flushed */
        thread->error = error;
        coil_status_print("coil_flush(): %s", error.text);
    } else if (thread->oneway_lost) {
        thread->status = thread->oneway_lost;
        thread->error = thread->oneway_error;
    }
    thread->oneway_lost = COIL_OK;
    return thread->status == COIL_OK ? 0 : -1;
}

/* A thread that is cancelled, or leaves, in the middle of a call has nothing to wait for. */
static bool is_in_call(const struct coil_thread *thread)
{
    for (const struct coil_channel *channel = thread->channels; channel; channel = channel->next)
        if (channel->level_count > 0)
            return true;
    return false;
}

void coil_remote_drain(struct coil_thread *thread)
{
    enum coil_status status;
    struct coil_error error;

    if (is_in_call(thread) || (!thread->unsent && !find_pending(thread)))
        return;
    COIL_FAULT("flush.at_end");
    thread->deadline = (struct coil_deadline){ .end_ms = coil_clock_ms() + END_TIMEOUT_MS, .limit_ms = END_TIMEOUT_MS };
    if (flush(thread, &status, &error) < 0 && status != COIL_E_TIMEOUT)
        coil_status_print("one-way calls may be lost: %s", error.text);
    coil_unsent_forget(thread, "is lost: the thread or the program ended before a Python worker took it");
    thread->deadline = (struct coil_deadline){ 0 };
}

/* After the program's own handlers and destructors, which may still call. */
__attribute__((destructor)) static void drain_at_exit(void)
{
    if (coil_thread_self)
        coil_remote_drain(coil_thread_self);
}
