/* lib.NAME of the program's variables, and of its constants that are no numbers. */
#ifndef COIL_HOST_LIB_VARIABLE_H
#define COIL_HOST_LIB_VARIABLE_H

#include "daemon/host/module.h"

/* The value, or a reference to a struct or an array.  NULL with an exception.  With the GIL, for all of them. */
PyObject *coil_lib_variable_get(struct coil_host_module *module, const struct coil_descriptor_global *global);

/* -1 with an exception. */
int coil_lib_variable_set(struct coil_host_module *module, const struct coil_descriptor_global *global,
                          PyObject *value);

/* A pointer to it, for the rest of the call.  NULL with an exception. */
PyObject *coil_lib_variable_address(struct coil_host_module *module, const struct coil_descriptor_global *global);

#endif
