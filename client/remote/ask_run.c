/*
 * C functions that Python calls: of a stub library, or behind a pointer.
 *
 * Called by ask.c, on the thread that waits for the handler.
 */
#include "client/remote/ask.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>

#include "proto/cleanup.h"

#define FRAME_SMALL 64u /* bytes of arguments that need no allocation; on the stack, and calls nest */

/* A C function, by its number or its address. */
struct target {
    uint64_t address;                     /* 0: by number */
    const struct coil_native *native;     /* with `address` */
    const struct coil_variadic *variadic; /* by number: its arguments; NULL: it is not variadic */
};

static int call(const struct coil_ask_request *q, const struct target *target, unsigned char *frame, void *result,
                int *inout_errno, struct coil_error *error)
{
    int r;

    if (target->variadic)
        return coil_program_run_variadic(q->link, q->number, target->variadic, result, inout_errno, error);
    if (!target->address) {
        coil_program_run(q->link, q->number, frame, result, inout_errno);
        return 0;
    }
    errno = *inout_errno;
    r = coil_native_call(target->native, target->address, frame, result, error);
    *inout_errno = errno;
    return r;
}

/* Runs it on `frame`, a private copy of what Python has sent. */
static int run_on(const struct coil_ask_request *q, const struct coil_descriptor_function *signature,
                  const struct target *target, unsigned char *frame, struct coil_ask_answer *answer,
                  struct coil_error *error)
{
    const struct coil_group parameters = coil_group_parameters(q->link, signature, frame);
    const struct coil_group result = coil_group_result(q->link, signature, frame);
    const struct coil_client_function *callee = &q->link->signatures[q->number];
    struct coil_thread *thread = coil_thread_self;
    uint32_t level = q->scope->channel->level_count;
    int late;
    int r;

    if (!coil_ask_answer_take(answer, signature->result_size, error))
        return -ENOMEM;
    r = callee->scalar ? 0 : coil_marshal_lend_frame(q->scope, &parameters, frame, error);
    if (r < 0)
        return r;
    answer->error_number = q->error_number;
    r = coil_program_enter(thread, error);
    if (r < 0)
        return r;
    r = call(q, target, frame, answer->bytes, &answer->error_number, error);
    coil_program_leave(thread);
    if (q->scope->channel->lost || q->scope->channel->forked)
        return r; /* there is nobody to answer */
    late = coil_late_await(q->scope->channel, level);
    if (late < 0)
        return coil_error_set(error, late, "what the C function has called is not answered");
    if (r < 0)
        return r;
    r = coil_ask_refresh(q->scope, error);
    if (r == 0 && callee->result_pointers)
        r = coil_marshal_out(q->scope, &result, answer->bytes, answer->bytes, error);
    return r;
}

int coil_ask_run(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error)
{
    const struct coil_descriptor_function *signature = coil_program_signature(q->link, q->number, error);
    const struct target target = { 0 };

    if (!signature)
        return error->code;
    if (q->payload_size != signature->call_size)
        return coil_error_set(error, -EINVAL, "the arguments have a wrong size");
    return run_on(q, signature, &target, q->payload, answer, error);
}

const struct coil_descriptor_function *coil_ask_pointer_signature(const struct coil_ask_request *q,
                                                                  struct coil_error *error)
{
    if (q->number < q->link->image->signatures.count)
        return &coil_image_signatures(q->link->image)[q->number];
    coil_error_set(error, -EINVAL, "the program has no signature number %u in module '%s'", q->number,
                   coil_image_name(q->link->image));
    return NULL;
}

int coil_ask_run_pointer(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error)
{
    const struct coil_descriptor_function *signature = coil_ask_pointer_signature(q, error);
    COIL_CLEANUP(coil_memory_free) unsigned char *large = NULL;
    alignas(16) unsigned char small[FRAME_SMALL];
    unsigned char *frame = small;
    struct target target = { 0 };
    uint64_t address;
    int r;

    if (!signature)
        return error->code;
    if (q->payload_size != sizeof address + signature->call_size)
        return coil_error_set(error, -EINVAL, "the arguments have a wrong size");
    if (signature->call_size > sizeof small)
        frame = large = malloc(signature->call_size);
    if (!frame)
        return coil_error_set(error, -ENOMEM, "no memory for the arguments");
    memcpy(&address, q->payload, sizeof address);
    memcpy(frame, q->payload + sizeof address, signature->call_size);
    r = coil_function_find(q->scope->channel, q->link, q->number, address, &target.address, &target.native, error);
    return r == 0 ? run_on(q, signature, &target, frame, answer, error) : r;
}

/* Pointers among the arguments beyond the declared ones: functions, or whatever else is the program's. */
static void variadic_to_own(const struct coil_ask_request *q, struct coil_variadic *variadic)
{
    for (uint32_t i = 0; i < variadic->count; i++) {
        unsigned char *at = variadic->values + i * (size_t)16;
        uint64_t address;

        if (variadic->types[i] != COIL_PRIM_COUNT)
            continue;
        memcpy(&address, at, sizeof address);
        address = coil_function_to_own(q->scope->channel->session, address);
        address = coil_marshal_to_own(q->scope, address);
        memcpy(at, &address, sizeof address);
    }
}

int coil_ask_run_variadic(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error)
{
    const struct coil_descriptor_function *signature = coil_program_signature(q->link, q->number, error);
    struct coil_variadic variadic = { 0 };
    const struct target target = { .variadic = &variadic };
    int r;

    if (!signature)
        return error->code;
    r = coil_variadic_unpack(&variadic, signature, q->payload, q->payload_size, error);
    if (r == 0) {
        variadic_to_own(q, &variadic);
        r = run_on(q, signature, &target, variadic.frame, answer, error);
    }
    free(variadic.memory);
    return r;
}
