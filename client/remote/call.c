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

#include "client/remote/remote.h"
#include "daemon/host/host.h"
#include "proto/cleanup.h"
#include "proto/fault.h"

#define REGIONS_MAX 64u /* that may be shown to the worker in the middle of one call */
#define ATTEMPTS_MAX 10 /* workers that may die under one call before it starts */

/* One call on its way. */
struct attempt {
    struct coil_link *link;
    unsigned function;                         /* of either table */
    uint32_t slot;                             /* of a function that Python made, with this signature; 0: a function */
    uint32_t module;                           /* with `slot`: the worker's number of the module */
    const struct coil_client_function *callee; /* what both tables say of it */
    const void *call;
    void *result;
    int error_number; /* C's errno, both ways */
    struct coil_channel *channel;
    enum coil_status status;
    int outcome;         /* enum coil_host_outcome */
    bool may_have_run;   /* idempotent, and an earlier worker had begun it */
    uint32_t late_level; /* how many requests were open when it was given up; 0: it was not */
    uint64_t region;     /* the worker met a pointer to here; 0: none that it has not been shown */
};

/* What a call has in staging, if it is not plain. */
struct call_staging {
    struct coil_scope scope;
    struct coil_staged frame;  /* a large frame */
    struct coil_staged result; /* a place for a large result */
    struct coil_check check;   /* COIL_CHECK: where all of that lies */
};

static struct coil_scope scope_of(const struct attempt *a)
{
    return (struct coil_scope){ .outer = a->channel->scopes, .channel = a->channel, .link = a->link };
}

/* In reverse order: staging is a stack. */
static void call_staging_deinit(struct call_staging *staging)
{
    if (__builtin_expect(staging->scope.is_late, 0)) {
        coil_late_keep(&staging->scope, &staging->frame, &staging->result, &staging->check);
        return;
    }
    coil_marshal_deinit(&staging->scope);
    coil_staging_release(staging->scope.channel, &staging->result);
    coil_staging_release(staging->scope.channel, &staging->frame);
    coil_check_end(staging->scope.channel, &staging->check);
}

static uint32_t result_size(const struct attempt *a)
{
    return a->callee->result_size;
}

static const struct coil_descriptor_function *row_of(const struct attempt *a)
{
    return (a->slot ? coil_image_signatures(a->link->image) : coil_image_functions(a->link->image)) + a->function;
}

/* Takes the answer to a CALL; `staged` is where a large result has been put, or NULL. */
static int read_reply(struct attempt *a, const struct coil_header *reply, const void *staged, struct coil_error *error)
{
    char text[COIL_ERROR_TEXT_MAX];

    if (__builtin_expect(reply->kind == COIL_RECORD_FAILED, 0)) {
        if (reply->outcome == COIL_FAILED_PROTOCOL)
            a->channel->is_broken = true;
        if (reply->outcome == COIL_FAILED_REGION)
            a->region = COIL_REGIONS_BEGIN + reply->function * COIL_REGION_UNIT;
        a->status = reply->outcome == COIL_FAILED_MEMORY     ? COIL_E_MEMORY
                    : reply->outcome == COIL_FAILED_POINTER  ? COIL_E_POINTER
                    : reply->outcome == COIL_FAILED_REGION   ? COIL_E_POINTER
                    : reply->outcome == COIL_FAILED_FUNCTION ? COIL_E_POINTER
                    : reply->outcome == COIL_FAILED_REFUSED  ? COIL_E_REFUSED
                                                             : COIL_E_PROTOCOL;
        if (a->status == COIL_E_POINTER)
            return coil_error_set(error, -EFAULT, "%s", coil_channel_words(a->channel, reply, text));
        return coil_error_set(error, -EIO, "%s%s", a->status == COIL_E_REFUSED ? "" : "the worker refused the call: ",
                              coil_channel_words(a->channel, reply, text));
    }
    if (reply->kind != COIL_RECORD_RETURN || reply->size != (staged ? 0 : result_size(a))) {
        a->status = COIL_E_PROTOCOL;
        return coil_error_set(error, -EPROTO, "the worker's answer makes no sense");
    }
    coil_frame_copy(a->result, staged ? staged : coil_consumer_payload(&a->channel->replies), result_size(a));
    a->error_number = reply->error_number;
    a->outcome = reply->outcome;
    return 0;
}

/*
 * No answer will come.  -EAGAIN: the call has not begun, or the function may run twice; it can be
 * sent again.  `r` is what coil_channel_receive() returned.
 */
static int no_answer(struct attempt *a, int r, uint32_t sequence, struct coil_error *error)
{
    long worker = (long)a->channel->session->worker;

    if (r == -EPROTO) {
        a->status = COIL_E_PROTOCOL;
        return coil_error_set(error, r, "the worker's answer does not fit its ring");
    }
    a->status = COIL_E_DIED;
    if (r == -ECHILD)
        return coil_error_set(error, -ESRCH,
                              "this process was forked while it was in the call, whose answer goes to "
                              "its parent");
    if (!a->slot && row_of(a)->flags & COIL_FUNCTION_IDEMPOTENT) {
        a->may_have_run |= coil_channel_started(a->channel, sequence);
        return coil_error_set(error, -EAGAIN, "the Python worker (process %ld) died", worker);
    }
    if (r == -ETIMEDOUT) {
        a->status = COIL_E_REFUSED;
        return coil_error_set(
            error, -ESRCH,
            "the daemon no longer serves this program's session; was its connection closed by the program?");
    }
    if (!coil_channel_started(a->channel, sequence)) {
        a->status = a->may_have_run ? COIL_E_DIED : COIL_E_NOT_STARTED;
        return coil_error_set(error, -EAGAIN, "the Python worker (process %ld) died before the call began", worker);
    }
    return coil_error_set(error, -ESRCH,
                          "the Python worker (process %ld) died while it ran this call; the daemon's log (coilctl "
                          "status names it) says how",
                          worker);
}

/* The deadline has passed before the answer has come: it stays open, but nobody waits for it any more. */
static int too_late(struct attempt *a, uint32_t sequence, uint32_t level, struct coil_scope *scope,
                    struct coil_error *error)
{
    a->status = COIL_E_TIMEOUT;
    a->late_level = level;
    coil_error_set(error, -ETIME,
                   "no answer within its deadline of %u ms; its handler is told to end (coil.DeadlineExceeded), and "
                   "what it still does is not seen: give it more time with timeout() in its declaration, or with "
                   "COIL_TIMEOUT_MS, if it needs that",
                   coil_thread_self->deadline.limit_ms);
    coil_late_begin(a->channel, sequence, scope);
    return -ETIME;
}

/*
 * Sends the request, whose payload has been written, and takes its answer.  0;
 * -EAGAIN: the worker died and the call is to be sent again; else negative, with words and a->status.
 */
static int transact(struct attempt *a, struct coil_header *request, const void *staged, struct coil_scope *scope,
                    struct coil_error *error)
{
    struct coil_header reply;
    uint32_t sequence, level;
    int r;

    request->kind = COIL_RECORD_CALL;
    request->outcome = 0;
    request->error_number = a->error_number;
    request->function =
        (a->slot ? a->module : atomic_load_explicit(&a->link->slot, memory_order_relaxed)) << 16 | a->function;
    request->flags |= a->slot ? COIL_CALL_SLOT : 0;
    request->slot = a->slot;
    coil_channel_begin(a->channel);
    level = a->channel->level_count;
    sequence = coil_producer_publish(&a->channel->requests, request);

    r = coil_channel_receive(a->channel, &reply, scope);
    if (__builtin_expect(r == -ETIME, 0))
        return too_late(a, sequence, level, scope, error);
    if (__builtin_expect(r < 0, 0)) {
        r = no_answer(a, r, sequence, error);
        coil_channel_end(a->channel);
        return r;
    }
    r = read_reply(a, &reply, staged, error);
    if (__builtin_expect(a->channel->is_broken, 0)) { /* it ends; of one-way calls in it unsent.c will tell */
        coil_channel_end(a->channel);
        return -ESRCH;
    }
    coil_channel_finish(a->channel);
    return r;
}

/* What Python has changed, into the program's memory. */
static int write_back(struct attempt *a, struct coil_scope *scope, struct coil_error *error)
{
    int r;

    COIL_FAULT("call.answered");
    r = coil_marshal_back(scope, true, error);
    COIL_FAULT("call.written_back");
    if (r == -EFAULT && a->outcome == COIL_HOST_RAISED)
        return 0; /* Python has told about it */
    if (r < 0)
        a->status = r == -ENOMEM ? COIL_E_MEMORY : COIL_E_POINTER;
    return r;
}

/* The function pointers of a frame, in the request. */
static int write_functions(struct attempt *a, unsigned char *payload, struct coil_error *error)
{
    const struct coil_descriptor_function *f = row_of(a);
    const struct coil_descriptor_value *parameters = coil_image_values(a->link->image) + f->first_value;

    a->status = COIL_E_MEMORY;
    for (uint32_t i = 0; i < f->parameter_count; i++) {
        uint64_t function;
        int r;

        if (parameters[i].crossing != COIL_CROSS_FUNCTION)
            continue;
        memcpy(&function, (const char *)a->call + parameters[i].offset, sizeof function);
        r = coil_function_share(a->channel, a->link, parameters[i].signature - 1, function, &function, error);
        if (r < 0)
            return r;
        memcpy(payload + parameters[i].offset, &function, sizeof function);
    }
    return 0;
}

/* A call whose frame is all there is to it. */
static int exchange_plain(struct attempt *a, struct coil_error *error)
{
    struct coil_header request = { .flags = 0, .size = a->callee->call_size };
    struct coil_scope scope = scope_of(a);
    void *payload;
    int r;

    payload = coil_channel_claim(a->channel, request.size, &r);
    if (!payload)
        return coil_channel_explain(a->channel, r, &a->status, error);
    coil_frame_copy(payload, a->call, request.size);
    if (!a->callee->plain) {
        r = write_functions(a, payload, error);
        if (r < 0)
            return r;
    }
    r = transact(a, &request, NULL, &scope, error);
    if (__builtin_expect(scope.marshal != NULL, 0)) { /* Python has asked for something meanwhile */
        if (r == 0)
            r = write_back(a, &scope, error);
        coil_marshal_deinit(&scope);
    }
    return r;
}

/* Stages what does not fit into the ring or lies behind pointers, and writes the request's payload. */
static int write_request(struct attempt *a, struct call_staging *s, struct coil_header *request,
                         struct coil_error *error)
{
    const struct coil_descriptor_function *f = row_of(a);
    const struct coil_group parameters = coil_group_parameters(a->link, f, a->call);
    uint32_t call_size = f->call_size, check_size = a->channel->session->check ? COIL_CHECKED_SIZE : 0;
    bool stage_frame = call_size > COIL_PAYLOAD_MAX - 8 - check_size, stage_result = result_size(a) > COIL_PAYLOAD_MAX;
    unsigned char *payload;
    int r = 0;

    a->status = COIL_E_MEMORY;
    if (check_size)
        r = coil_check_begin(a->channel, &s->check, error);
    if (r == 0 && stage_frame)
        r = coil_staging_take(a->channel, call_size, &s->frame, error);
    if (r == 0 && stage_result)
        r = coil_staging_take(a->channel, result_size(a), &s->result, error);
    if (r < 0)
        return r;
    request->size = (stage_frame ? 8u : call_size) + (stage_result ? 8u : 0u) + check_size;
    request->flags = (uint8_t)((stage_frame ? COIL_CALL_STAGED_FRAME : 0u) |
                               (stage_result ? COIL_CALL_STAGED_RESULT : 0u) | (check_size ? COIL_CALL_CHECKED : 0u));
    payload = coil_channel_claim(a->channel, request->size, &r);
    if (!payload)
        return coil_channel_explain(a->channel, r, &a->status, error);
    a->status = COIL_E_MEMORY;
    if (call_size)
        memcpy(stage_frame ? s->frame.address : payload, a->call, call_size);
    r = coil_marshal_out(&s->scope, &parameters, a->call, stage_frame ? s->frame.address : payload, error);
    if (r == -ERANGE || r == -EFAULT)
        a->status = r == -ERANGE ? COIL_E_LENGTH : COIL_E_POINTER;
    if (stage_frame)
        memcpy(payload, &s->frame.address, 8);
    if (stage_result)
        memcpy(payload + request->size - check_size - 8, &s->result.address, 8);
    if (check_size)
        coil_check_tell(a->channel, &s->check, payload + request->size - check_size);
    return r;
}

/* Any other call. */
static int exchange_staged(struct attempt *a, struct coil_error *error)
{
    COIL_CLEANUP(call_staging_deinit) struct call_staging staging = { .scope = scope_of(a) };
    const struct coil_descriptor_function *f = row_of(a);
    const struct coil_group result = coil_group_result(a->link, f, a->call);
    struct coil_header request = { 0 };
    int r;

    r = write_request(a, &staging, &request, error);
    COIL_FAULT("call.staged");
    if (r == 0)
        r = transact(a, &request, staging.result.address, &staging.scope, error);
    if (r == 0 && a->callee->result_pointers) {
        a->status = COIL_E_MEMORY;
        r = coil_marshal_frame_to_own(&staging.scope, &result, a->result, error);
    }
    return r == 0 ? write_back(a, &staging.scope, error) : r;
}

/* This thread's channel of a session that another module may have opened.  NULL with words. */
static struct coil_channel *find_channel_of(struct coil_session *session, enum coil_status *ret_status,
                                            struct coil_error *error)
{
    struct coil_channel *channel;
    int cancel;

    if (coil_remote_check_inside(ret_status, error) < 0)
        return NULL;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    channel = coil_channel_get(session, error);
    while (channel && coil_unsent_can_go(coil_thread_self)) {
        channel = NULL;
        if (coil_unsent_send(coil_thread_self) < 0)
            coil_error_set(error, -ETIME, "one-way calls were sent that come first");
        else
            channel = coil_channel_get(session, error);
    }
    (void)pthread_setcancelstate(cancel, NULL);
    return channel;
}

/*
 * Python's own objects may lead to memory from coil_alloc() that nothing has led to before.  Shows it to the worker,
 * and makes the call again: it has not begun.
 */
static int exchange_again(struct attempt *a, struct coil_error *error)
{
    uint64_t region = a->region;

    a->region = 0;
    return coil_regions_room(a->channel->session, region) ? exchange_staged(a, error) : -EFAULT;
}

/* One call, that is made by C code which no handler of this channel has called. */
static int exchange_alone(struct attempt *a, struct coil_error *error)
{
    bool plain = a->callee->plain || a->callee->functions;
    int r = __builtin_expect(plain && !a->channel->session->check, 1) ? exchange_plain(a, error)
                                                                      : exchange_staged(a, error);

    for (unsigned i = 0; __builtin_expect(r == -EFAULT && a->region != 0, 0) && i < REGIONS_MAX; i++)
        r = exchange_again(a, error);
    if (__builtin_expect(a->channel->files != NULL, 0) && !a->late_level)
        coil_files_close(a->channel, a->channel->level_count);
    return r;
}

/*
 * One that is made by C code which handlers have called: what C has changed of their arguments meanwhile is there for
 * Python, and what the function called now changes of them is there for C.
 */
static int exchange_inside(struct attempt *a, struct coil_error *error)
{
    int r = coil_scopes_refresh(a->channel, error);

    a->status = COIL_E_MEMORY;
    if (r < 0 && r != -EFAULT && r != -ERANGE) /* what C has freed, Python sees as NULL */
        return r;
    r = exchange_alone(a, error);
    if (r < 0)
        return r;
    r = coil_scopes_back(a->channel, error);
    if (r < 0)
        a->status = r == -ENOMEM ? COIL_E_MEMORY : COIL_E_POINTER;
    return r;
}

static int exchange(struct attempt *a, struct coil_error *error)
{
    const struct coil_thread *thread = coil_thread_self;
    int r = __builtin_expect(!a->channel->scopes, 1) ? exchange_alone(a, error) : exchange_inside(a, error);

    if (__builtin_expect(a->late_level != 0, 0))
        coil_late_leave(a->channel, a->late_level);
    if (r != -EAGAIN && r != -ESRCH && r != -EPROTO)
        return r;
    coil_channel_lost(a->channel);
    /* A call that was made inside a call does not outlive that one's worker. */
    return r == -EAGAIN && thread->depth > 0 && coil_remote_is_inside_lost(thread) ? -ESRCH : r;
}

static int attempt_once(struct attempt *a, struct coil_error *error)
{
    int r = coil_remote_find(a->link, &a->channel, &a->status, error);

    return r < 0 ? r : exchange(a, error);
}

static void carry(struct coil_link *link, unsigned function, void *call, void *result)
{
    struct attempt a = { .link = link,
                         .function = function,
                         .callee = &link->functions[function],
                         .call = call,
                         .result = result,
                         .error_number = errno };
    struct coil_error error; /* large, so it is filled only when it is needed */
    int saved = a.error_number;
    bool oneway = link->functions[function].oneway;
    int r = -EAGAIN;

    if (__builtin_expect(oneway, 0) && coil_oneway_call(link, function, call))
        return;
    for (int i = 0; i < ATTEMPTS_MAX && r == -EAGAIN; i++)
        r = attempt_once(&a, &error);
    if (__builtin_expect(r < 0, 0)) {
        coil_session_keep_error_values(link);
        coil_status_fail(link, function, result, a.status, &error);
        errno = saved;
        return;
    }
    coil_status_set(coil_thread_self, link, function, oneway ? COIL_HOST_RETURNED : a.outcome);
    errno = a.error_number;
}

void coil_remote_call(struct coil_link *link, unsigned function, void *call, void *result)
{
    uint32_t limit_ms = atomic_load_explicit(&link->functions[function].limit_ms, memory_order_relaxed);
    struct coil_deadline outer;

    if (__builtin_expect(!limit_ms, 1)) {
        carry(link, function, call, result);
        return;
    }
    coil_deadline_enter(&outer, limit_ms);
    carry(link, function, call, result);
    coil_deadline_leave(&outer);
}

void coil_remote_call_slot(struct coil_link *link, uint32_t signature, struct coil_session *session,
                           const struct coil_slot_entry *entry, const void *call, void *result)
{
    struct attempt a = { .link = link,
                         .function = signature,
                         .slot = entry->number,
                         .module = entry->module,
                         .callee = &link->signatures[signature],
                         .call = call,
                         .result = result,
                         .status = COIL_E_MEMORY,
                         .error_number = errno };
    struct coil_error error; /* large, so it is filled only when it is needed */
    struct coil_deadline outer;
    int saved = a.error_number;
    int r;

    coil_deadline_enter(&outer, atomic_load_explicit(&a.callee->limit_ms, memory_order_relaxed));
    a.channel = find_channel_of(session, &a.status, &error);
    if (!a.channel && error.code == -ETIME)
        (void)coil_deadline_explain(&a.status, &error, "other threads of this program waited for the daemon");
    r = a.channel ? exchange(&a, &error) : error.code;
    coil_deadline_leave(&outer);
    if (__builtin_expect(r < 0, 0)) {
        coil_status_fail_pointer(link, signature, result, a.status, &error);
        errno = saved;
        return;
    }
    coil_status_set_pointer(coil_thread_self, link, a.outcome);
    errno = a.error_number;
}
