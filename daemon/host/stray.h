/* Pointers that lead to memory which the program does not have. */
#ifndef COIL_HOST_STRAY_H
#define COIL_HOST_STRAY_H

#include <stdbool.h>

#include "daemon/host/host.h"
#include "proto/image.h"

/* Where a function gives pointers to the program. */
struct coil_giver {
    const struct coil_descriptor *image;
    const struct coil_descriptor_function *function;
    bool gives;  /* its result is a pointer, or has some in it */
    bool stores; /* its arguments lead to memory with pointers that comes back: its handler can store some there */
};

struct coil_giver coil_giver_of(const struct coil_descriptor *image, const struct coil_descriptor_function *function);

/* The program that waits on this thread; NULL: there is none. */
struct coil_host_program *coil_stray_program(void);

/*
 * What `result`, a result frame, leads to: may the program that waits on this thread go there?  `call`: the arguments.
 * -1 with an exception that names the pointer and says what to do.
 */
int coil_stray_check_result(const struct coil_giver *giver, const void *call, const void *result);

/* The same for the result frame of an error value, which is for all programs, and whose lengths nobody knows. */
int coil_stray_check_error(const struct coil_giver *giver, const void *result);

/*
 * The same for what the handler has stored behind its arguments.  In memory that program and Python share directly,
 * what may not be there is NULL afterwards.
 */
int coil_stray_check_stored(const struct coil_giver *giver, const void *call);

#endif
