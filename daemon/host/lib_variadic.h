/* Calls of C functions that take a variable number of arguments. */
#ifndef COIL_HOST_LIB_VARIADIC_H
#define COIL_HOST_LIB_VARIADIC_H

#include "daemon/host/signature.h"

/*
 * Has the program call C function `index` of the module with these arguments; `what` is its name in messages.  A new
 * reference, NULL with an exception.  With the GIL.
 */
PyObject *coil_lib_variadic_call(struct coil_host_module *module, unsigned index,
                                 const struct coil_signature *signature, const char *what, PyObject *const *arguments,
                                 Py_ssize_t count);

#endif
