/*
 * What differs between the versions of CPython the host can be built for (3.11
 * to 3.13).  The only place that looks at PY_VERSION_HEX.
 */
#ifndef COIL_HOST_COMPAT_H
#define COIL_HOST_COMPAT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#if PY_VERSION_HEX < 0x030b0000
#error "coil needs CPython 3.11 or newer"
#endif

/* The thread state that holds the GIL on this thread, or NULL; may be asked without the GIL. */
static inline PyThreadState *coil_compat_thread_current(void)
{
#if PY_VERSION_HEX >= 0x030d0000
    return PyThreadState_GetUnchecked();
#else
    return _PyThreadState_UncheckedGet();
#endif
}

/*
 * The thread state that has the GIL, whichever thread asks, or NULL: nobody has, or this version does not tell.  Where
 * it does, it is one word of the runtime's.
 */
static inline PyThreadState *coil_compat_gil_holder(void)
{
#if PY_VERSION_HEX >= 0x030c0000
    return NULL;
#else
    return _PyThreadState_UncheckedGet();
#endif
}

/* Takes the raised exception, with its traceback; a new reference, NULL if there is none. */
static inline PyObject *coil_compat_exception_take(void)
{
#if PY_VERSION_HEX >= 0x030c0000
    return PyErr_GetRaisedException();
#else
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback);
    if (!type)
        return NULL;
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback)
        (void)PyException_SetTraceback(value, traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return value;
#endif
}

/* Raises `exception` again; steals the reference. */
static inline void coil_compat_exception_raise(PyObject *exception)
{
#if PY_VERSION_HEX >= 0x030c0000
    PyErr_SetRaisedException(exception);
#else
    PyErr_Restore(Py_NewRef((PyObject *)Py_TYPE(exception)), exception, PyException_GetTraceback(exception));
#endif
}

/* Hands the raised exception to sys.unraisablehook as "Exception ignored CONTEXT"; clears it. */
static inline void coil_compat_exception_unraisable(const char *context)
{
#if PY_VERSION_HEX >= 0x030d0000
    PyErr_FormatUnraisable("Exception ignored %s", context);
#else
    _PyErr_WriteUnraisableMsg(context, NULL);
#endif
}

#endif
