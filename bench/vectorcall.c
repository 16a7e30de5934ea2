/*
 * What Python itself costs: take the GIL, make two ints, PyObject_Vectorcall of
 * `def add(x, y): return x + y`, read the result, drop the GIL.  No library between.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "measure.h"

static PyObject *function;
static PyThreadState *state;

static void call(int n)
{
    PyObject *arguments[2], *result;

    PyEval_RestoreThread(state);
    arguments[0] = PyLong_FromLong(n);
    arguments[1] = PyLong_FromLong(2);
    result = PyObject_Vectorcall(function, arguments, 2, NULL);
    if (!result || PyLong_AsLong(result) != n + 2)
        abort();
    Py_DECREF(result);
    Py_DECREF(arguments[0]);
    Py_DECREF(arguments[1]);
    state = PyEval_SaveThread();
}

int main(int argc, char **argv)
{
    PyObject *globals;

    Py_InitializeEx(0);
    globals = PyModule_GetDict(PyImport_AddModule("__main__"));
    if (PyRun_SimpleString("def add(x, y):\n    return x + y\n") != 0)
        return 1;
    function = PyDict_GetItemString(globals, "add");
    state = PyEval_SaveThread();
    measure(call, argc > 1 ? (size_t)atoi(argv[1]) : 100000);
    fflush(stdout);
    _exit(0);
}
