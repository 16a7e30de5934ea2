/* Owning locals of type PyObject *: COIL_OBJECT name = NULL; the reference is given back on every return. */
#ifndef COIL_HOST_OBJECT_H
#define COIL_HOST_OBJECT_H

#include "daemon/host/compat.h"
#include "proto/cleanup.h"

static inline void coil_object_unref(PyObject **object)
{
    Py_XDECREF(*object);
    *object = NULL;
}

#define COIL_OBJECT COIL_CLEANUP(coil_object_unref) PyObject *

static inline PyObject *coil_object_steal(PyObject **object)
{
    PyObject *stolen = *object;

    *object = NULL;
    return stolen;
}

#endif
