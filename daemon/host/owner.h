/*
 * Whose something is that Python has made, in a daemon of several users: handles and callbacks are for the program in
 * whose call they were made, and for nobody else.  With the GIL.
 */
#ifndef COIL_HOST_OWNER_H
#define COIL_HOST_OWNER_H

#include <stdbool.h>

#include "daemon/host/start.h"
#include "daemon/host/stray.h"

/* The program whose call runs on this thread, counted; NULL: there is none, or it does not matter. */
static inline struct coil_host_program *coil_owner_get(void)
{
    struct coil_host_program *program = coil_start_is_system() ? coil_stray_program() : NULL;

    return program ? coil_start_callbacks()->program_ref(program) : NULL;
}

static inline void coil_owner_put(struct coil_host_program *owner)
{
    if (owner)
        coil_start_callbacks()->program_unref(owner);
}

/* May `program` (NULL: Python itself) have what belongs to `owner`? */
static inline bool coil_owner_allows(const struct coil_host_program *owner, const struct coil_host_program *program)
{
    return !owner || !program || owner == program;
}

#endif
