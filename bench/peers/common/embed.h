/*
 * Peers that run Python in the program with nothing but its C API: the interpreter is started when the library is
 * loaded, and each thread keeps a Python thread state of its own, so that a call only takes the GIL and drops it.
 */
#ifndef COIL_BENCH_EMBED_H
#define COIL_BENCH_EMBED_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

static __thread PyThreadState *embed_state;

static inline void embed_enter(void)
{
    if (embed_state)
        PyEval_RestoreThread(embed_state);
    else
        (void)PyGILState_Ensure(); /* this thread's first call; never released, so that the state stays */
}

static inline void embed_leave(void)
{
    embed_state = PyEval_SaveThread();
}

/* Runs the code in __main__, whose names are returned, borrowed.  Leaves with the GIL dropped. */
static inline PyObject *embed_start(const char *code)
{
    PyObject *names;

    Py_InitializeEx(0);
    names = PyModule_GetDict(PyImport_AddModule("__main__"));
    if (PyRun_SimpleString(code) != 0)
        abort();
    return names;
}

#endif
