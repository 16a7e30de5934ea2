/*
 * The program's own C, as Python reaches it: functions and variables of a stub library.
 *
 * The stub library has a thunk for each function, which takes its arguments from a frame, and tells where each variable
 * is for the thread that asks.  Whoever runs them here is the thread that waits for the handler that asked: in remote
 * mode on behalf of the worker (remote/ask.c), in-process called by the host (inprocess/ask.c).
 */
#include "client/runtime.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/cleanup.h"
#include "proto/ring.h"

static pthread_mutex_t natives_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the links' natives */

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

int coil_program_address(const struct coil_link *link, uint32_t number, uint64_t *ret_address, struct coil_error *error)
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

int coil_program_native(const struct coil_link *constant, uint32_t signature, const struct coil_native **ret_native,
                        struct coil_error *error)
{
    struct coil_link *link = (struct coil_link *)(uintptr_t)constant; /* what is kept here changes nothing of it */
    int r = 0;

    (void)pthread_mutex_lock(&natives_lock);
    if (!link->natives)
        link->natives = calloc(link->image->signatures.count, sizeof(struct coil_native *));
    if (!link->natives)
        r = coil_error_set(error, -ENOMEM, "no memory for a function's signature");
    else if (!link->natives[signature])
        r = coil_native_new(link->image, &coil_image_signatures(link->image)[signature], &link->natives[signature],
                            error);
    if (r == 0)
        *ret_native = link->natives[signature];
    (void)pthread_mutex_unlock(&natives_lock);
    return r;
}

void coil_program_forget(void)
{
    (void)pthread_mutex_init(&natives_lock, NULL); /* another thread of the parent may have held it */
}

int coil_variadic_unpack(struct coil_variadic *variadic, const struct coil_descriptor_function *signature,
                         const void *payload, size_t size, struct coil_error *error)
{
    size_t frame_room = (signature->call_size + 7u) & ~(size_t)7u, frame_aligned = (frame_room + 15u) & ~(size_t)15u;
    const unsigned char *from = payload;
    uint32_t count = UINT32_MAX;

    if (size >= sizeof count)
        memcpy(&count, from, sizeof count);
    if (count > COIL_PAYLOAD_MAX || size != sizeof count + count * sizeof count + frame_room + count * (size_t)16)
        return coil_error_set(error, -EINVAL, "the arguments have a wrong size");
    variadic->memory = aligned_alloc(16, frame_aligned + count * (size_t)32 + 16u);
    if (!variadic->memory)
        return coil_error_set(error, -ENOMEM, "no memory for the arguments");
    variadic->count = count;
    variadic->frame = variadic->memory;
    variadic->values = variadic->frame + frame_aligned;
    variadic->types = (uint32_t *)(void *)(variadic->values + count * (size_t)16);
    from += sizeof count;
    memcpy(variadic->types, from, count * sizeof count);
    from += count * sizeof count;
    memcpy(variadic->frame, from, signature->call_size);
    memcpy(variadic->values, from + frame_room, count * (size_t)16);
    return 0;
}

int coil_program_run_variadic(const struct coil_link *link, uint32_t signature, const struct coil_variadic *variadic,
                              void *result, int *inout_errno, struct coil_error *error)
{
    const struct coil_native *native;
    uint64_t address;
    int r = coil_program_address(link, signature, &address, error);

    if (r == 0)
        r = coil_program_native(link, signature, &native, error);
    if (r < 0)
        return r;
    errno = *inout_errno;
    r = coil_native_call_variadic(native, address, variadic->frame, variadic->count, variadic->types, variadic->values,
                                  result, error);
    *inout_errno = errno;
    return r;
}
