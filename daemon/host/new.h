/* ffi.new() and ffi.new_allocator(): memory that the program sees, too. */
#ifndef COIL_HOST_NEW_H
#define COIL_HOST_NEW_H

#include "daemon/host/compat.h"

/* What `ffi.new` is, for the module whose backend's ffi is given.  A new reference, or NULL with an exception. */
PyObject *coil_new(PyObject *backend_ffi);

/* ffi.new_allocator(...): a new reference, or NULL with an exception. */
PyObject *coil_new_allocator(PyObject *backend_ffi, PyObject *arguments, PyObject *options);

#endif
