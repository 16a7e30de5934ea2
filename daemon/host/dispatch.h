#ifndef COIL_HOST_DISPATCH_H
#define COIL_HOST_DISPATCH_H

#include "daemon/host/convert.h"
#include "daemon/host/host.h"
#include "daemon/host/stray.h"

/* A Python function, and how frames become its arguments.  Everything is borrowed from whoever holds it for the call.
 */
struct coil_callee {
    const struct coil_descriptor_function *descriptor;
    const struct coil_converter *parameters; /* the first one; the next is `stride` bytes behind it */
    size_t stride;
    const struct coil_converter *result;
    const struct coil_giver *giver; /* NULL: nothing is given to a program */
    const void *identity;           /* of the function, for what its calls leave behind */
    PyObject *callable;
    PyObject *onerror; /* NULL: none */
    const char *error; /* the result frame after an exception: result_size bytes */
};

/* Runs one call of a program.  Returns enum coil_host_outcome, as all of them. */
int coil_dispatch_run(struct coil_host_thread *thread, const struct coil_callee *callee, const void *call, void *result,
                      int *inout_errno);

int coil_dispatch_call(struct coil_host_thread *thread, struct coil_host_module *module, unsigned function,
                       const void *call, void *result, int *inout_errno);

/* Can its calls go the short way?  When everything else of it is known. */
struct coil_host_function;
bool coil_dispatch_is_short(const struct coil_host_function *function);

/* The same for a function of a module that Python calls itself, in whichever call that may be. */
int coil_dispatch_nested(struct coil_host_module *module, unsigned function, const void *call, void *result,
                         int *inout_errno);

/* A function that is called from within this process, on any thread: nothing that it gives leaves the process. */
int coil_dispatch_local(const struct coil_callee *callee, const void *call, void *result, int *inout_errno);

/*
 * Reports the exception of a callback on sys.stderr; `second` (may be NULL): that of its onerror; `converting`: it
 * is about the result.
 */
void coil_dispatch_report(PyObject *exception, PyObject *callable, PyObject *second, bool converting);

void coil_dispatch_error_value(struct coil_host_module *module, unsigned function, void *value);

#endif
