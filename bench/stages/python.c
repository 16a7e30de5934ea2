/* What of a call is Python's: the GIL, the two ints, the function. */
#include "common/embed.h"

#include "stages/stages.h"

static PyObject *add;

static void gil(int n)
{
    (void)n;
    embed_enter();
    embed_leave();
}

static void ints(int n)
{
    PyObject *x, *y;

    embed_enter();
    x = PyLong_FromLong(n);
    y = PyLong_FromLong(2);
    Py_DECREF(x);
    Py_DECREF(y);
    embed_leave();
}

static void call(int n)
{
    PyObject *arguments[2], *result;

    embed_enter();
    arguments[0] = PyLong_FromLong(n);
    arguments[1] = PyLong_FromLong(2);
    result = PyObject_Vectorcall(add, arguments, 2, NULL);
    if (!result || PyLong_AsLong(result) != n + 2)
        abort();
    Py_DECREF(result);
    Py_DECREF(arguments[0]);
    Py_DECREF(arguments[1]);
    embed_leave();
}

int main(void)
{
    struct measure_clock clock;

    add = PyDict_GetItemString(embed_start("def add(x, y): return x + y\n"), "add");
    embed_leave();
    measure_clock_calibrate(&clock);
    stage(&clock, "gil", gil);
    stage(&clock, "gil+ints", ints);
    stage(&clock, "gil+ints+function", call);
    fflush(stdout);
    _exit(0);
}
