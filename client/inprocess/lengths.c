/*
 * Lengths that make no sense, in-process.
 *
 * With the daemon, marshalling evaluates the length of everything it copies.  Here nothing is copied, and a handler
 * would see a negative length where it has to see none: so the same lengths are evaluated, those that the arguments say
 * and those in the structs that they lead to.
 *
 * A pointer in a struct that leads to memory which cannot be read is nobody's mistake until somebody follows it, so the
 * kernel is asked before that is done.  Only functions that lead to such structs pay for it.
 *
 * Called by inprocess.c; the thread that makes the call, without the GIL.
 */
#include <errno.h>
#include <stdlib.h>

#include "client/inprocess/inprocess.h"
#include "client/remote/marshal.h"
#include "proto/reach.h"

static bool can_read(void *context, uint64_t address, uint64_t size)
{
    return coil_reader_can_read(context, (const void *)(uintptr_t)address, size);
}

static int pass_over(void *context, const struct coil_reach_stray *stray)
{
    (void)context;
    (void)stray;
    return 0;
}

static int check_inside(struct coil_thread *thread, const struct coil_link *link, unsigned function, const void *call,
                        struct coil_error *error)
{
    const struct coil_descriptor_function *f = &coil_image_functions(link->image)[function];
    struct coil_reach reach = {
        .image = link->image, .is_shared = can_read, .stray = pass_over, .only_structs = true
    };
    const struct coil_reach_frame frame = { .values = coil_image_values(link->image) + f->first_value,
                                            .count = f->parameter_count,
                                            .first_value = f->first_value,
                                            .arguments = call,
                                            .frame = call };

    if (!thread->reader)
        thread->reader = calloc(1, sizeof *thread->reader);
    if (!thread->reader)
        return coil_error_set(error, -ENOMEM, "no memory for the arguments");
    coil_reader_forget(thread->reader);
    reach.context = thread->reader;
    return coil_reach_walk(&reach, &frame, error);
}

int coil_inprocess_check_lengths(struct coil_thread *thread, const struct coil_link *link, unsigned function,
                                 const void *call, struct coil_error *error)
{
    const struct coil_client_function *f = &link->functions[function];
    int r = f->counted ? coil_link_check_lengths(link, function, call, error) : 0;

    if (r == 0 && f->counted_inside)
        r = check_inside(thread, link, function, call, error);
    return r;
}
