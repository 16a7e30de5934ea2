/* Python functions as C functions of this very process. */
#ifndef COIL_HOST_LOCAL_FUNCTION_H
#define COIL_HOST_LOCAL_FUNCTION_H

#include <stdint.h>

#include "daemon/host/compat.h"

struct coil_local_function;

/* What it is made of.  Borrowed: `owner` keeps the others, and keeps the function itself. */
struct coil_local_callee {
    PyObject *owner;
    PyObject *callable;
    PyObject *error;   /* None: none */
    PyObject *onerror; /* None: none */
};

/*
 * `ctype`: of a pointer to a function.  NULL with an exception, those of CFFI: TypeError for what cannot be called,
 * NotImplementedError for types that cannot be passed.
 */
struct coil_local_function *coil_local_function_new(PyObject *ffi, PyObject *ctype,
                                                    const struct coil_local_callee *callee);

uint64_t coil_local_function_code(const struct coil_local_function *function);

/* Its owner is being cleared: calls that come all the same return zero. */
void coil_local_function_clear(struct coil_local_function *function);

/* NULL is ignored; returns NULL. */
struct coil_local_function *coil_local_function_free(struct coil_local_function *function);

#endif
