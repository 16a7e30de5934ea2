/*
 * CALL and OPEN records: from the ring to the host and back.
 *
 * The frame is copied out of shared memory once, the copy is checked against the
 * descriptor, and only the copy is used: the client may write its memory at any
 * time.  The GIL is taken here and dropped by the channel, after the reply has been
 * published: the client waits for the one and not for the other.
 *
 * If the worker dies in here, `started` tells the client whether the handler had
 * been entered; the client reads it only when no answer will come.
 */
#include <alloca.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/worker/doing.h"
#include "daemon/worker/loan.h"
#include "daemon/worker/running.h"
#include "daemon/worker/tally.h"
#include "daemon/worker/trace.h"
#include "proto/cleanup.h"
#include "proto/fault.h"
#include "proto/probe.h"
#include "proto/reach.h"

/* A request whose payload has been copied, so that the ring is free for what it causes. */
struct request {
    uint64_t position; /* where it lies: I4 */
    uint32_t sequence;
};

/* A call, copied and checked. */
struct call {
    const struct coil_worker_module *module;
    const struct coil_descriptor_function *function;
    struct coil_host_module *host;
    unsigned index;      /* of the function within its module; with `slot`, of the signature */
    uint32_t slot;       /* of a function that Python has made; 0: a function of the module */
    int64_t start_ns;    /* when it was taken off the ring, if it is timed; 0 */
    const void *frame;   /* in `memory` or in `staged` */
    uint64_t result_at;  /* address in staging; 0: the result goes into the reply */
    void *staged_frame;  /* private copy of a frame that lay in staging; owned */
    void *staged_result; /* private result that will be copied to result_at; owned */
    bool is_checked;
    struct coil_checked_range checked[COIL_CHECKED_RANGES];
    struct coil_channel *channel; /* whose calls around this one have been resumed; NULL: nobody's */
    struct coil_loan loan; /* what it has been lent, if programs are of several users */
};

/* The program goes on: before it is answered, because it uses the same addresses for other calls then. */
static int end_loans(struct call *call, struct coil_error *error)
{
    struct coil_channel *channel = call->channel;

    coil_loan_end(&call->loan);
    call->channel = NULL;
    return channel ? coil_loans_suspend(channel, error) : 0;
}

static void call_deinit(struct call *call)
{
    struct coil_error error;

    (void)end_loans(call, &error);
    free(call->staged_frame);
    free(call->staged_result);
}

/* Steps over the ready record: the last look at it. */
static struct request request_take(struct coil_channel *channel, const struct coil_header *header)
{
    struct request request = { channel->requests.cursor, channel->requests.sequence };

    coil_consumer_advance(&channel->requests, header);
    coil_consumer_keep_up(&channel->requests);
    return request;
}

/* Has the client given it up, or a call around it, before its handler was entered? */
static bool is_given_up(const struct coil_channel *channel, const struct request *request)
{
    return coil_running_given_up(channel) == request->sequence || coil_running_late(channel);
}

/* A handler is about to be entered; with the GIL. */
static void request_start(struct coil_channel *channel, const struct request *request)
{
    COIL_FAULT("call.before_started");
    atomic_store_explicit(&channel->control->started, request->sequence, memory_order_release); /* S */
    COIL_FAULT("call.started");
}

/* Does [address, address + size) lie in the session's staging area? */
static bool in_staging(const struct coil_session *session, uint64_t address, uint64_t size)
{
    uint64_t begin = session->base + COIL_STAGING_OFFSET;

    return address >= begin && address - begin <= COIL_STAGING_SIZE && size <= COIL_STAGING_SIZE - (address - begin);
}

static int find_function(const struct coil_channel *channel, struct call *call, const struct coil_header *header,
                         struct coil_error *error)
{
    struct coil_worker_module *module = coil_modules_slot(header->function >> 16);
    bool is_slot = header->flags & COIL_CALL_SLOT;

    call->module = module;
    call->index = header->function & 0xffffu;
    call->slot = is_slot ? header->slot : 0;
    call->host = module ? atomic_load_explicit(&module->host, memory_order_acquire) : NULL; /* O */
    if (!call->host || (is_slot && !call->slot) ||
        call->index >= (is_slot ? module->image->signatures.count : module->image->functions.count))
        return coil_error_set(error, -EPROTO, "the client called a function that is not there (%#x)", header->function);
    if (is_slot && !coil_function_is_for(channel->session, call->slot))
        return coil_error_set(error, -EPROTO, "the client called a function that Python has made for another program");
    call->function =
        (is_slot ? coil_image_signatures(module->image) : coil_image_functions(module->image)) + call->index;
    return 0;
}

/* The function's name, for messages; those of signatures are empty. */
static const char *name_of(const struct call *call)
{
    return call->slot ? "a function pointer" : coil_image_function_name(call->module->image, call->index);
}

/* Copies the payload: the frame, or its address; then the address for the result, if that is staged. */
static int copy_frame(struct coil_channel *channel, const struct coil_header *header, unsigned char *memory,
                      struct call *call, struct coil_error *error)
{
    bool frame_staged = header->flags & COIL_CALL_STAGED_FRAME, result_staged = header->flags & COIL_CALL_STAGED_RESULT;
    uint32_t frame_size = frame_staged ? 8 : call->function->call_size;
    uint32_t checked_size = header->flags & COIL_CALL_CHECKED ? COIL_CHECKED_SIZE : 0;
    uint64_t at;
    int r;

    if (frame_size > COIL_PAYLOAD_MAX || header->size != frame_size + (result_staged ? 8u : 0u) + checked_size ||
        (!result_staged && call->function->result_size > COIL_PAYLOAD_MAX))
        return coil_error_set(error, -EPROTO, "the client called %s() with a frame of a wrong size", name_of(call));
    coil_frame_copy(memory, coil_consumer_payload(&channel->requests), header->size);
    call->frame = memory;
    /* A program that could make memory inaccessible could end everybody's Python. */
    if (checked_size && !channel->session->mirror) {
        memcpy(call->checked, memory + header->size - checked_size, checked_size);
        r = coil_check_open(channel->session, call->checked, error);
        if (r < 0)
            return r;
        call->is_checked = true;
    }

    if (result_staged) {
        memcpy(&call->result_at, memory + frame_size, 8);
        if (!in_staging(channel->session, call->result_at, call->function->result_size))
            return coil_error_set(error, -EPROTO, "the client wants a result outside of its memory");
        call->staged_result = calloc(1, call->function->result_size);
        if (!call->staged_result)
            return coil_error_set(error, -ENOMEM, "no memory for a result");
    }
    if (frame_staged) {
        memcpy(&at, memory, 8);
        if (!in_staging(channel->session, at, call->function->call_size))
            return coil_error_set(error, -EPROTO, "the client's frame lies outside of its memory");
        call->staged_frame = malloc(call->function->call_size);
        if (!call->staged_frame)
            return coil_error_set(error, -ENOMEM, "no memory for a frame");
        memcpy(call->staged_frame, coil_mirror_at(channel->session, at), call->function->call_size);
        call->frame = call->staged_frame;
    }
    return 0;
}

/* What a walk over a call's pointers needs to know. */
struct check {
    struct coil_channel *channel;
    struct call *call;
    const struct coil_descriptor_value *unsaid; /* a pointer of which nothing is said; NULL */
    uint64_t stray; /* the address of what was not found */
    struct coil_error *error;
};

static bool is_shared(void *context, uint64_t address, uint64_t size)
{
    const struct check *check = context;

    return size <= coil_shared_room_of(check->channel->session, address);
}

static bool is_callable(void *context, const struct coil_descriptor_value *value, uint64_t address)
{
    const struct check *check = context;

    (void)value;
    return coil_function_is_slot(check->channel->session, address);
}

static const unsigned char *bytes(void *context, uint64_t address)
{
    return coil_loan_bytes(((const struct check *)context)->channel->session, address);
}

static bool take(void *context, const struct coil_descriptor_value *value, uint64_t address, uint64_t size)
{
    struct call *call = ((struct check *)context)->call;

    return coil_loan_take(&call->loan, call->module->image, value, address, size);
}

static void see(void *context, const struct coil_descriptor_value *value, uint64_t place, uint64_t address)
{
    struct check *check = context;

    (void)address;
    if (!check->unsaid && coil_loan_is_unsaid(&check->call->loan, value, place))
        check->unsaid = value;
}

/* The client stages what its arguments lead to; what lies in shared memory already is the program's affair. */
static int tell_stray(void *context, const struct coil_reach_stray *stray)
{
    struct check *check = context;

    if (check->channel->session->mirror && coil_shared_is_pythons(stray->address))
        return coil_error_set(check->error, -EFAULT,
                              "'%s' leads to %s that Python has not given to this program, or that is gone",
                              stray->path->text, stray->is_function ? "a function" : "memory");
    if (stray->is_outermost)
        return coil_error_set(check->error, -EPROTO, "%s(): '%s' leads outside of the client's memory",
                              name_of(check->call), stray->path->text);
    if (stray->is_function)
        return coil_error_set(
            check->error, -EFAULT,
            "'%s' lies in memory shared with Python and is a function that only the program has: give "
            "it to Python as an argument, and let Python store it there",
            stray->path->text);
    check->stray = stray->address;
    return coil_error_set(check->error, -EFAULT,
                          "'%s' lies in memory shared with Python and leads to memory that only the program has: what "
                          "is stored there must come from coil_alloc(), or from Python",
                          stray->path->text);
}

/*
 * Follows every pointer that Python will follow.  -EPROTO; any other error: the call cannot be carried out. *ret_stray:
 * where the pointer leads that made it -EFAULT.
 */
static int check_pointers(struct coil_channel *channel, struct call *call, uint64_t *ret_stray,
                          struct coil_error *error)
{
    const struct coil_descriptor *image = call->module->image;
    struct check check = { .channel = channel, .call = call, .error = error };
    bool lends = channel->session->mirror != NULL;
    const struct coil_reach reach = { .image = image,
                                      .is_shared = is_shared,
                                      .stray = tell_stray,
                                      .is_callable = is_callable,
                                      .seen = lends ? see : NULL,
                                      .context = &check,
                                      .bytes = lends ? bytes : NULL,
                                      .take = lends ? take : NULL };
    const struct coil_reach_frame frame = { .values = coil_image_values(image) + call->function->first_value,
                                            .count = call->function->parameter_count,
                                            .first_value = call->function->first_value,
                                            .arguments = call->frame,
                                            .frame = call->frame };
    int r;

    coil_loan_begin(&call->loan, channel);
    r = coil_reach_walk(&reach, &frame, error);
    if (call->loan.has_failed)
        r = coil_error_set(error, -ENOMEM, "no memory for the arguments of %s()", name_of(call));
    if (r == 0 && check.unsaid)
        r = coil_error_set(error, -EFAULT, "'%s': its declaration does not say what the pointer leads to: write [in], "
                           "[counted_by(n)], [sized_by(n)], [string] or [opaque] at it",
                           coil_image_text(image, check.unsaid->name));
    if (r == 0 && lends)
        r = coil_loan_root(&call->loan, image, &frame, error);
    *ret_stray = check.stray;
    return r;
}

/* The short way where all pointers are functions: is each one that can be called here? */
static bool has_good_functions(const struct coil_channel *channel, const struct call *call)
{
    const struct coil_descriptor_value *parameters =
        coil_image_values(call->module->image) + call->function->first_value;
    uint64_t address;

    for (uint32_t i = 0; i < call->function->parameter_count; i++) {
        if (parameters[i].crossing != COIL_CROSS_FUNCTION)
            continue;
        memcpy(&address, (const char *)call->frame + parameters[i].offset, sizeof address);
        if (address && !coil_function_is_slot(channel->session, address))
            return false;
    }
    return true;
}

/* Is there a pointer that Python would follow, or call, which has to be looked at? */
static bool has_to_check(const struct coil_channel *channel, const struct call *call)
{
    unsigned pointers = call->slot ? COIL_POINTERS_ANY : call->module->pointers[call->index];

    return pointers == COIL_POINTERS_ANY || (pointers == COIL_POINTERS_FUNCTIONS && !has_good_functions(channel, call));
}

/* Answers a CALL or OPEN that could not be carried out. */
static int reply_failed(struct coil_channel *channel, const struct request *request, enum coil_record_failure failure,
                        uint32_t place, const char *text)
{
    struct coil_header header = { .kind = COIL_RECORD_FAILED, .outcome = (uint8_t)failure, .function = place };
    void *payload;

    if (coil_channel_has_nobody(channel))
        return coil_channel_drop(channel, request->position);
    header.size = (uint32_t)strnlen(text, COIL_ERROR_TEXT_MAX);
    payload = coil_channel_claim_answer(channel, header.size);
    if (!payload)
        return -ECANCELED;
    memcpy(payload, text, header.size);
    coil_channel_answer(channel, request->position, &header);
    return 0;
}

void coil_call_child_ends(void)
{
    if (coil_worker_forked) {
        fprintf(stderr, "coil-worker: a forked child (process %ld) returned from its handler and is ended\n",
                (long)getpid());
        _exit(1);
    }
}

/* Answers a CALL whose pointers cannot be followed: because of `r`. */
static int reply_stray(struct coil_channel *channel, const struct request *request, int r, uint64_t stray,
                       const struct coil_error *error)
{
    bool in_region = r == -EFAULT && stray >= COIL_REGIONS_BEGIN && stray < COIL_REGIONS_END;
    uint32_t place = in_region ? (uint32_t)((stray - COIL_REGIONS_BEGIN) / COIL_REGION_UNIT) : 0;

    return reply_failed(channel, request,
                        r == -ENOMEM ? COIL_FAILED_MEMORY
                        : in_region  ? COIL_FAILED_REGION
                                     : COIL_FAILED_POINTER,
                        place, error->text);
}

/* The call has ended: for who watches. */
static inline void show(const struct coil_channel *channel, const struct call *call, enum coil_trace_outcome outcome)
{
    if (__builtin_expect(call->start_ns != 0, 0))
        coil_trace(channel->session, call->module, name_of(call), call->start_ns,
                   (struct coil_trace_end){ .outcome = outcome, .is_deserted = coil_channel_has_nobody(channel) });
}

/* What Python has changed, and what it gives, goes to the program. */
static int return_loans(struct call *call, const void *result, struct coil_error *error)
{
    struct coil_error other;
    int r = coil_loan_return(&call->loan, call->module->image, call->function, call->frame, result, error);
    int ended = end_loans(call, r < 0 ? &other : error);

    return r < 0 ? r : ended;
}

/* Runs the handler; with the GIL. */
static int run(struct coil_channel *channel, const struct coil_header *header, const struct request *request,
               struct call *call)
{
    struct coil_running running;
    struct coil_error error;
    void *result = call->result_at ? call->staged_result : alloca(call->function->result_size + 1u);
    struct coil_header reply = { .kind = COIL_RECORD_RETURN, .error_number = header->error_number };
    void *payload;
    int error_number = header->error_number;

    coil_running_begin(channel, &running, request->sequence, call->slot ? 0 : COIL_DOING_CALL | header->function);
    COIL_PROBE3(call__begin, channel->session->peer.pid, coil_image_name(call->module->image), name_of(call));
    reply.outcome = (uint8_t)(call->slot ? coil_worker_host->call_slot(channel->host_thread, call->slot, call->host,
                                                                       call->index, call->frame, result, &error_number)
                                         : coil_worker_host->call(channel->host_thread, call->host, call->index,
                                                                  call->frame, result, &error_number));
    coil_running_end(channel, &running);
    coil_call_child_ends();
    COIL_PROBE4(call__end, channel->session->peer.pid, coil_image_name(call->module->image), name_of(call),
                (int)reply.outcome);
    coil_tally_end(call->module, call->start_ns, reply.outcome != COIL_HOST_RETURNED);
    show(channel, call, (enum coil_trace_outcome)reply.outcome);
    COIL_FAULT("call.handled");
    if (coil_channel_has_nobody(channel))
        return coil_channel_drop(channel, request->position);
    if (reply.outcome == COIL_HOST_NO_FUNCTION)
        return reply_failed(channel, request, COIL_FAILED_FUNCTION, 0,
                            "Python has dropped the function behind this pointer: keep what ffi.callback() returned "
                            "for as long as C may call it");
    if (call->loan.channel && return_loans(call, result, &error) < 0)
        return reply_failed(channel, request, COIL_FAILED_MEMORY, 0, error.text);
    reply.error_number = error_number;
    reply.size = call->result_at ? 0 : call->function->result_size;
    payload = coil_channel_claim_answer(channel, reply.size);
    if (!payload)
        return -ECANCELED;
    if (call->result_at)
        memcpy(coil_mirror_at(channel->session, call->result_at), result, call->function->result_size);
    else
        coil_frame_copy(payload, result, reply.size);
    if (call->is_checked)
        coil_check_close(call->checked, coil_image_name(call->module->image),
                         coil_image_text(call->module->image, call->function->name));
    coil_channel_answer(channel, request->position, &reply);
    return 0;
}

/* Python goes on within an ask: what the calls around this one have been lent is theirs again. */
static int resume_loans(struct coil_channel *channel, struct call *call, struct coil_error *error)
{
    coil_channel_enter(channel);
    call->channel = channel;
    return coil_loans_resume(channel, error) < 0 ? coil_error_set(error, -ENOMEM, "no memory for the arguments") : 0;
}

int coil_call_execute(struct coil_channel *channel, const struct coil_header *header, struct coil_error *error)
{
    unsigned char *memory = alloca(header->size + 1u); /* less than a ring; as small as can be, since calls nest */
    COIL_CLEANUP(call_deinit) struct call call = { 0 };
    struct request request;
    uint64_t stray = 0;
    const char *refusal;
    uint32_t doing;
    int r;

    r = find_function(channel, &call, header, error);
    if (r == 0 && channel->loan)
        r = resume_loans(channel, &call, error);
    if (r == 0)
        r = copy_frame(channel, header, memory, &call, error);
    if (r == 0 && has_to_check(channel, &call))
        r = check_pointers(channel, &call, &stray, error);
    else if (r == 0)
        coil_loan_begin(&call.loan, channel);
    if (r == -EPROTO)
        return r;
    /* What is known to kill is known of functions of modules. */
    refusal = call.slot ? NULL : atomic_load_explicit(&call.module->refusals[call.index], memory_order_acquire); /* J */
    request = request_take(channel, header);
    call.start_ns = coil_tally_start(channel, call.module);
    if (r < 0 || refusal)
        (void)end_loans(&call, &(struct coil_error){ 0 });
    if (r < 0) {
        show(channel, &call, r == -ENOMEM ? COIL_TRACE_MEMORY : COIL_TRACE_POINTER);
        return reply_stray(channel, &request, r, stray, error);
    }
    if (refusal) {
        show(channel, &call, COIL_TRACE_REFUSED);
        return reply_failed(channel, &request, COIL_FAILED_REFUSED, 0, refusal);
    }

    COIL_FAULT("call.taken");
    coil_channel_enter(channel);
    if (__builtin_expect(is_given_up(channel, &request), 0)) {
        show(channel, &call, COIL_TRACE_LATE);
        (void)end_loans(&call, error);
        return reply_failed(channel, &request, COIL_FAILED_LATE, 0, "");
    }
    doing = coil_doing_begin(channel, call.slot ? channel->doing : COIL_DOING_CALL | header->function);
    request_start(channel, &request);
    r = run(channel, header, &request, &call);
    coil_doing_end(channel, doing ? doing : COIL_DOING_SERVED);
    coil_doing_count(channel);
    return r;
}

/* Opens the module in the host, once per worker, and in this session; with the GIL. */
static int open_module(struct coil_channel *channel, struct coil_worker_module *module, const struct request *request,
                       struct coil_error *error)
{
    struct coil_host_module *host;
    struct coil_header reply = { .kind = COIL_RECORD_OPENED, .function = module->slot << 16, .size = 4 };
    struct coil_running running;
    uint32_t offset;
    void *payload;
    int r;

    coil_running_begin(channel, &running, request->sequence, COIL_DOING_OPEN | module->slot << 16);
    r = coil_modules_open(module, &host, error);
    if (r == 0)
        r = coil_worker_host->program_opened(coil_session_program(channel->session), host, error);
    coil_running_end(channel, &running);
    coil_call_child_ends();
    if (channel->loan)
        coil_loan_end(channel->loan);
    if (r < 0)
        return r;
    offset = coil_session_publish(channel->session, module);
    if (coil_channel_has_nobody(channel))
        return coil_channel_drop(channel, request->position);
    payload = coil_channel_claim_answer(channel, reply.size);
    if (!payload)
        return -ECANCELED;
    memcpy(payload, &offset, sizeof offset);
    coil_channel_answer(channel, request->position, &reply);
    return 0;
}

int coil_open_execute(struct coil_channel *channel, const struct coil_header *header, struct coil_error *error)
{
    COIL_CLEANUP(coil_loan_end) struct coil_loan loan = { 0 };
    struct coil_worker_module *module;
    uint8_t hash[COIL_HASH_SIZE];
    struct request request;
    const char *refusal;
    uint32_t doing;
    int r;

    if (header->size != sizeof hash)
        return coil_error_set(error, -EPROTO, "the client opened a module without naming it");
    memcpy(hash, coil_consumer_payload(&channel->requests), sizeof hash);
    module = coil_modules_find(hash);
    if (!module)
        return coil_error_set(error, -EPROTO, "the client opened a module that the supervisor has not sent");

    request = request_take(channel, header);
    refusal = atomic_load_explicit(&module->refusals[module->image->functions.count], memory_order_acquire); /* J */
    if (refusal)
        return reply_failed(channel, &request, COIL_FAILED_REFUSED, 0, refusal);
    coil_channel_enter(channel);
    coil_loan_begin(&loan, channel);
    doing = coil_doing_begin(channel, COIL_DOING_OPEN | module->slot << 16);
    request_start(channel, &request);
    r = open_module(channel, module, &request, error);
    coil_doing_end(channel, doing);
    if (r == 0 || r == -ECANCELED)
        return r;
    return reply_failed(channel, &request,
                        r == -ENOEXEC   ? COIL_FAILED_INIT
                        : r == -EUNATCH ? COIL_FAILED_PRIVATE
                        : r == -EEXIST  ? COIL_FAILED_CONFLICT
                                        : COIL_FAILED_MEMORY,
                        0, error->text);
}
