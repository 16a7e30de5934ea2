/*
 * The program's own C, as Python reaches it: functions and variables of a stub library.
 *
 * The stub library has a thunk for each function, which takes its arguments from a frame, and tells where each variable
 * is for the thread that asks.  Whoever runs them here is the thread that waits for the handler that asked: in remote
 * mode on behalf of the worker (remote/ask.c), in-process called by the host (inprocess/ask.c).
 */
#include "client/runtime.h"

#include <errno.h>

#include "proto/ring.h"

int coil_program_enter(struct coil_thread *thread, struct coil_error *error)
{
    if (thread->depth >= COIL_DEPTH_MAX)
        return coil_error_set(error, -ELOOP, "calls between the program and Python are nested more than %d deep",
                              COIL_DEPTH_MAX);
    thread->depth++;
    return 0;
}

void coil_program_leave(struct coil_thread *thread)
{
    thread->depth--;
}

const struct coil_descriptor_function *coil_program_signature(const struct coil_link *link, uint32_t number,
                                                              struct coil_error *error)
{
    const struct coil_descriptor_function *signature;

    if (number < link->image->signatures.count && link->program && link->program->runs) {
        signature = &coil_image_signatures(link->image)[number];
        if (*coil_image_text(link->image, signature->name))
            return signature;
    }
    coil_error_set(error, -EINVAL, "the program has no C function number %u in module '%s'", number,
                   coil_image_name(link->image));
    return NULL;
}

int coil_program_address(const struct coil_link *link, uint32_t number, uint64_t *ret_address,
                         struct coil_error *error)
{
    if (!coil_program_signature(link, number, error))
        return error->code;
    *ret_address = link->program->addresses ? (uint64_t)(uintptr_t)link->program->addresses[number] : 0;
    return *ret_address ? 0
                        : coil_error_set(error, -EINVAL, "the C function number %u of module '%s' has no address",
                                         number, coil_image_name(link->image));
}

int coil_program_function(const struct coil_link *link, uint32_t number, uint64_t *ret_address,
                          struct coil_error *error)
{
    if (number >= link->image->functions.count || !link->stubs)
        return coil_error_set(error, -EINVAL, "module '%s' has no function number %u", coil_image_name(link->image),
                              number);
    *ret_address = (uint64_t)(uintptr_t)link->stubs[number];
    return 0;
}

const struct coil_descriptor_value *coil_program_variable(const struct coil_link *link, uint32_t number,
                                                          void **ret_address, struct coil_error *error)
{
    if (number < link->image->variables.count && link->program && link->program->variables) {
        *ret_address = link->program->variables[number]();
        return &coil_image_variables(link->image)[number];
    }
    coil_error_set(error, -EINVAL, "the program has no variable number %u in module '%s'", number,
                   coil_image_name(link->image));
    return NULL;
}

void coil_program_run(const struct coil_link *link, uint32_t signature, const void *call, void *result,
                      int *inout_errno)
{
    errno = *inout_errno;
    link->program->runs[signature](call, result);
    *inout_errno = errno;
}
