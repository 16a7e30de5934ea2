/*
 * The program's variables, and addresses of its functions, for Python.
 *
 * Called by ask.c, on the thread that waits for the handler.
 */
#include "client/remote/ask.h"

#include <errno.h>

int coil_ask_address(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error)
{
    uint64_t own, shared;
    int r = coil_program_address(q->link, q->number, &own, error);

    if (r == 0 && !coil_ask_answer_take(answer, sizeof shared, error))
        r = -ENOMEM;
    if (r == 0)
        r = coil_function_to_shared(q->scope->channel->session, q->link, q->number, own, &shared, error);
    if (r == 0)
        memcpy(answer->bytes, &shared, sizeof shared);
    return r;
}

int coil_ask_read(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error)
{
    void *address;
    const struct coil_descriptor_value *variable = coil_program_variable(q->link, q->number, &address, error);
    struct coil_group group;

    if (!variable)
        return error->code;
    if (!coil_ask_answer_take(answer, variable->size, error))
        return -ENOMEM;
    memcpy(answer->bytes, address, variable->size);
    group = (struct coil_group){ .link = q->link, .values = variable, .count = 1 };
    return coil_marshal_out(q->scope, &group, answer->bytes, answer->bytes, error);
}

int coil_ask_write(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error)
{
    void *address;
    const struct coil_descriptor_value *variable = coil_program_variable(q->link, q->number, &address, error);
    struct coil_group group;
    int r;

    (void)answer;
    if (!variable)
        return error->code;
    if (q->payload_size != variable->size)
        return coil_error_set(error, -EINVAL, "the value has a wrong size");
    group = (struct coil_group){ .link = q->link, .values = variable, .count = 1 };
    r = coil_marshal_lend_frame(q->scope, &group, q->payload, error);
    if (r < 0)
        return r;
    memcpy(address, q->payload, variable->size);
    return coil_ask_refresh(q->scope, error);
}

int coil_ask_refer(const struct coil_ask_request *q, struct coil_ask_answer *answer, struct coil_error *error)
{
    void *address;
    const struct coil_descriptor_value *variable = coil_program_variable(q->link, q->number, &address, error);
    uint64_t staged;
    int r;

    if (!variable)
        return error->code;
    if (!coil_ask_answer_take(answer, sizeof staged, error))
        return -ENOMEM;
    staged = (uint64_t)(uintptr_t)address;
    r = 0;
    if (variable->size > 0) /* else of an opaque type: its address is all that Python can use */
        r = coil_marshal_add(q->scope, q->link, variable, address, &staged, error);
    if (r == 0)
        memcpy(answer->bytes, &staged, sizeof staged);
    return r;
}
