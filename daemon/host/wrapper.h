/* `ffi` and `lib` as users see them. */
#ifndef COIL_HOST_WRAPPER_H
#define COIL_HOST_WRAPPER_H

#include "daemon/host/module.h"

/* New references, or NULL with an exception.  With the GIL; `module` is immortal. */
PyObject *coil_ffi_new(struct coil_host_module *module);
PyObject *coil_lib_new(struct coil_host_module *module);

bool coil_lib_check(PyObject *object);

/* ffi.addressof(lib, name): always raises. */
PyObject *coil_lib_address(PyObject *lib, PyObject *name);

#endif
