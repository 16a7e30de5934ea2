/* ffi.new_handle() and ffi.from_handle(). */
#ifndef COIL_HOST_HANDLE_H
#define COIL_HOST_HANDLE_H

#include <stddef.h>

#include "daemon/host/compat.h"

/* Called as methods: new references, or NULL with an exception. */
PyObject *coil_handle_new(PyObject *backend_ffi, PyObject *object);
PyObject *coil_handle_object(PyObject *backend_ffi, PyObject *cdata);

/* How many there are.  Any thread. */
size_t coil_handle_count(void);

#endif
