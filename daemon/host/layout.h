/* Where pointers lie in what ffi.new() makes. */
#ifndef COIL_HOST_LAYOUT_H
#define COIL_HOST_LAYOUT_H

#include "daemon/host/compat.h"
#include "daemon/host/host.h"

/* Of what a cdata of this type (a pointer or an array) points to.  -1 with an exception. */
int coil_layout_of(PyObject *backend_ffi, PyObject *ctype, struct coil_host_layout *ret_layout);

#endif
