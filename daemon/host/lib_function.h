/* lib.NAME of the program's C functions: callable objects. */
#ifndef COIL_HOST_LIB_FUNCTION_H
#define COIL_HOST_LIB_FUNCTION_H

#include "daemon/host/module.h"

/* The object for a global whose code is COIL_OP_DLOPEN_FUNC: a new reference, NULL with an exception.  With the GIL. */
PyObject *coil_lib_function_new(struct coil_host_module *module, const struct coil_descriptor_global *global);

/* ffi.addressof(lib, NAME) of it: a function pointer.  NULL with an exception. */
PyObject *coil_lib_function_address(struct coil_host_module *module, const struct coil_descriptor_global *global);

/* Is it such an object, and of which function?  *ret_module and *ret_signature are set if it is. */
bool coil_lib_function_check(PyObject *object, struct coil_host_module **ret_module, unsigned *ret_signature);

#endif
