/*
 * One remote call.
 *
 * The frame is copied into the channel's request ring, the reply's payload out of its
 * reply ring; between the two, what Python prints is written by this thread.
 * Large frames and everything behind pointers lie in staging.
 *
 * When the worker dies: a call whose handler had not been entered is sent again,
 * from the program's own arguments, to the next worker, and nobody notices.  One whose
 * handler had been entered returns its error value, because running it twice
 * could do its work twice.
 */
#include <errno.h>
#include <inttypes.h>

#include "client/remote/remote.h"
#include "daemon/host/host.h"
#include "proto/cleanup.h"

#define ATTEMPTS_MAX 10 /* workers that may die under one call before it starts */

/* One call on its way. */
struct attempt {
    struct coil_link *link;
    unsigned function;
    const void *call;
    void *result;
    int error_number; /* C's errno, both ways */
    struct coil_channel *channel;
    struct coil_marshal marshal;
    struct coil_staged frame;        /* a large frame */
    struct coil_staged large_result; /* a place for a large result */
    enum coil_status status;
    int outcome; /* enum coil_host_outcome */
};

/* Writes the request's payload; `plain` calls need no more than a copy. */
static int write_request(struct attempt *a, struct coil_header *header, struct coil_error *error)
{
    const struct coil_client_function *f = &a->link->functions[a->function];
    bool stage_frame = f->call_size > COIL_PAYLOAD_MAX - 8, stage_result = f->result_size > COIL_PAYLOAD_MAX;
    uint32_t size = (stage_frame ? 8u : f->call_size) + (stage_result ? 8u : 0u);
    unsigned char *payload, *frame;
    int r = 0;

    if (stage_frame)
        r = coil_staging_take(a->channel, f->call_size, &a->frame, error);
    if (r == 0 && stage_result)
        r = coil_staging_take(a->channel, f->result_size, &a->large_result, error);
    if (r < 0)
        return r;
    payload = coil_producer_claim(&a->channel->requests, size);
    if (!payload)
        return coil_error_set(error, -EPROTO, "the request ring is full");
    frame = stage_frame ? a->frame.address : payload;
    if (f->call_size)
        memcpy(frame, a->call, f->call_size);
    r = coil_marshal_out(&a->marshal, a->channel, a->link, a->function, a->call, frame, error);
    if (r < 0)
        return r;

    if (stage_frame)
        memcpy(payload, &a->frame.address, 8);
    if (stage_result)
        memcpy(payload + size - 8, &a->large_result.address, 8);
    header->size = size;
    header->flags = (uint8_t)((stage_frame ? COIL_CALL_STAGED_FRAME : 0u) |
                              (stage_result ? COIL_CALL_STAGED_RESULT : 0u));
    return 0;
}

static void release_staging(struct attempt *a)
{
    coil_marshal_deinit(&a->marshal, a->channel);
    coil_staging_release(a->channel, &a->large_result);
    coil_staging_release(a->channel, &a->frame);
    a->marshal = (struct coil_marshal){ 0 };
    a->large_result = a->frame = (struct coil_staged){ 0 };
}

/* Takes the answer to a CALL. */
static int read_reply(struct attempt *a, const struct coil_header *reply, struct coil_error *error)
{
    uint32_t result_size = a->link->functions[a->function].result_size;
    char text[COIL_ERROR_TEXT_MAX];

    if (reply->kind == COIL_RECORD_FAILED) {
        size_t size = reply->size < sizeof text - 1 ? reply->size : sizeof text - 1;

        memcpy(text, coil_consumer_payload(&a->channel->replies), size);
        text[size] = '\0';
        a->status = reply->outcome == COIL_FAILED_MEMORY ? COIL_E_MEMORY : COIL_E_PROTOCOL;
        return coil_error_set(error, -EIO, "the worker refused the call: %s", size ? text : "it is in the daemon's log");
    }
    if (reply->kind != COIL_RECORD_RETURN || reply->size != (a->large_result.address ? 0 : result_size)) {
        a->status = COIL_E_PROTOCOL;
        return coil_error_set(error, -EPROTO, "the worker's answer makes no sense");
    }
    if (a->large_result.address)
        memcpy(a->result, a->large_result.address, result_size);
    else if (result_size)
        memcpy(a->result, coil_consumer_payload(&a->channel->replies), result_size);
    a->error_number = reply->error_number;
    a->outcome = reply->outcome;
    return 0;
}

/* The worker died before it answered.  -EAGAIN: before it began, too. */
static int worker_died(struct attempt *a, uint32_t sequence, struct coil_error *error)
{
    pid_t worker = a->channel->session->worker;
    bool started = atomic_load_explicit(&a->channel->worker->started, memory_order_acquire) == sequence;

    a->status = COIL_E_DIED;
    return started ? coil_error_set(error, -ESRCH,
                                    "the Python worker (process %ld) died while it ran this call; the daemon's log says how",
                                    (long)worker)
                   : coil_error_set(error, -EAGAIN, "the Python worker (process %ld) died", (long)worker);
}

/*
 * Sends the call through this thread's channel and waits for its answer.  0;
 * -EAGAIN: the worker died before it began; else negative, with words and a->status.
 */
static int exchange(struct attempt *a, struct coil_error *error)
{
    struct coil_header request = { .kind = COIL_RECORD_CALL, .error_number = a->error_number };
    struct coil_header reply;
    struct coil_exchange positions;
    const struct coil_client_function *f = &a->link->functions[a->function];
    uint32_t sequence;
    int r;

    positions.reply_position = a->channel->replies.cursor;
    request.function = atomic_load_explicit(&a->link->slot, memory_order_relaxed) << 16 | a->function;
    if (__builtin_expect(f->plain, 1)) {
        void *payload = coil_producer_claim(&a->channel->requests, f->call_size);

        r = payload ? 0 : coil_error_set(error, -EPROTO, "the request ring is full");
        if (r == 0 && f->call_size)
            memcpy(payload, a->call, f->call_size);
        request.size = f->call_size;
    } else {
        r = write_request(a, &request, error);
    }
    if (r < 0) {
        a->status = r == -ENOMEM ? COIL_E_MEMORY : COIL_E_PROTOCOL;
        return r;
    }
    positions.request_position = a->channel->requests.cursor;
    sequence = coil_channel_send(a->channel, &request);

    r = coil_channel_receive(a->channel, &reply);
    if (r == -ESRCH)
        return worker_died(a, sequence, error);
    if (r < 0) {
        a->status = COIL_E_PROTOCOL;
        return coil_error_set(error, r, "the worker's answer does not fit its ring");
    }
    r = read_reply(a, &reply, error);
    coil_channel_finish(a->channel, &reply, &positions);
    if (!f->plain && r == 0)
        coil_marshal_back(&a->marshal);
    return r;
}

/* This thread's channel to the session that has the module open; opened if need be. */
static int find_channel(struct attempt *a, struct coil_error *error)
{
    struct coil_thread *thread = coil_thread_self;
    struct coil_session *session = atomic_load_explicit(&a->link->session, memory_order_relaxed);

    if (__builtin_expect(thread && thread->channel && thread->channel->session == session, 1)) {
        a->channel = thread->channel;
        return 0;
    }
    return coil_remote_channel(a->link, &a->channel, &a->status, error);
}

/* Gives up after a failure that concerns only this call, or takes the call's result. */
static int attempt_once(struct attempt *a, struct coil_error *error)
{
    int r = find_channel(a, error);

    if (r < 0)
        return r;
    r = exchange(a, error);
    if (__builtin_expect(!a->link->functions[a->function].plain, 0))
        release_staging(a);
    if (r == -EAGAIN || r == -ESRCH)
        coil_channel_lost(a->channel);
    return r;
}

void coil_remote_call(struct coil_link *link, unsigned function, void *call, void *result)
{
    struct attempt a = { .link = link, .function = function, .call = call, .result = result, .error_number = errno };
    struct coil_error error;
    int saved = errno;
    int r = -EAGAIN;

    error.code = 0;
    for (int i = 0; i < ATTEMPTS_MAX && r == -EAGAIN; i++)
        r = attempt_once(&a, &error);
    if (__builtin_expect(r < 0, 0)) {
        coil_status_fail(link, function, result, a.status, &error);
        errno = saved;
        return;
    }
    coil_status_set(coil_thread_self, link, function, a.outcome);
    errno = a.error_number;
}
