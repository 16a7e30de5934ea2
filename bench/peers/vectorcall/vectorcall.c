/* Take the GIL, make the arguments, PyObject_Vectorcall, read the result, drop the GIL.  Nothing between. */
#include "api.h"
#include "common/embed.h"

static const char code[] = "notes = 0\n"
                           "def nothing(): return 1\n"
                           "def add(x, y): return x + y\n"
                           "def text(s): return 1\n"
                           "def point(p): return 1\n"
                           "def first(v, n): return v[0]\n"
                           "def call_back(function, x): return function(x)\n"
                           "def note(x):\n"
                           "    global notes\n"
                           "    notes += 1\n"
                           "def noted(): return notes\n";
static PyObject *functions[8];
enum { NOTHING, ADD, TEXT, POINT, FIRST, CALL_BACK, NOTE, NOTED };

__attribute__((constructor)) static void start(void)
{
    static const char *const names[] = { "nothing", "add", "text", "point", "first", "call_back", "note", "noted" };
    PyObject *main_names = embed_start(code);

    for (int i = 0; i < 8; i++)
        functions[i] = PyDict_GetItemString(main_names, names[i]);
    embed_leave();
}

/* Calls with arguments that it gives up; a new reference. */
static inline PyObject *call(int which, PyObject **arguments, size_t count)
{
    PyObject *result = PyObject_Vectorcall(functions[which], arguments, count, NULL);

    if (!result)
        abort();
    while (count)
        Py_DECREF(arguments[--count]);
    return result;
}

static inline long call_long(int which, PyObject **arguments, size_t count)
{
    PyObject *object = call(which, arguments, count);
    long result = PyLong_AsLong(object);

    Py_DECREF(object);
    return result;
}

int nothing(void)
{
    int result;

    embed_enter();
    result = (int)call_long(NOTHING, NULL, 0);
    embed_leave();
    return result;
}

int add(int x, int y)
{
    PyObject *arguments[2];
    int result;

    embed_enter();
    arguments[0] = PyLong_FromLong(x);
    arguments[1] = PyLong_FromLong(y);
    result = (int)call_long(ADD, arguments, 2);
    embed_leave();
    return result;
}

int text(const char *s)
{
    PyObject *argument;
    int result;

    embed_enter();
    argument = PyBytes_FromString(s);
    result = (int)call_long(TEXT, &argument, 1);
    embed_leave();
    return result;
}

int point(struct point *p)
{
    PyObject *argument;
    int result;

    embed_enter();
    argument = PyMemoryView_FromMemory((char *)p, sizeof *p, PyBUF_WRITE);
    result = (int)call_long(POINT, &argument, 1);
    embed_leave();
    return result;
}

double first(const double *v, size_t n)
{
    Py_ssize_t shape = (Py_ssize_t)n, stride = sizeof *v;
    Py_buffer view = { .buf = (void *)(uintptr_t)v,
                       .len = shape * stride,
                       .itemsize = stride,
                       .readonly = 1,
                       .ndim = 1,
                       .format = "d",
                       .shape = &shape,
                       .strides = &stride };
    PyObject *arguments[2], *object;
    double result;

    embed_enter();
    arguments[0] = PyMemoryView_FromBuffer(&view);
    arguments[1] = PyLong_FromSize_t(n);
    object = call(FIRST, arguments, 2);
    result = PyFloat_AsDouble(object);
    Py_DECREF(object);
    embed_leave();
    return result;
}

static PyObject *run_callback(PyObject *pointer, PyObject *x)
{
    int (*function)(int) = (int (*)(int))PyCapsule_GetPointer(pointer, NULL);
    int argument = (int)PyLong_AsLong(x), result;

    embed_leave();
    result = function(argument);
    embed_enter();
    return PyLong_FromLong(result);
}

int call_back(int (*function)(int x), int x)
{
    static PyMethodDef method = { "callback", run_callback, METH_O, NULL };
    PyObject *capsule, *arguments[2];
    int result;

    embed_enter();
    capsule = PyCapsule_New((void *)function, NULL, NULL);
    arguments[0] = PyCFunction_New(&method, capsule);
    Py_DECREF(capsule);
    arguments[1] = PyLong_FromLong(x);
    result = (int)call_long(CALL_BACK, arguments, 2);
    embed_leave();
    return result;
}

void note(int x)
{
    PyObject *argument, *result;

    embed_enter();
    argument = PyLong_FromLong(x);
    result = call(NOTE, &argument, 1);
    Py_DECREF(result);
    embed_leave();
}

long noted(void)
{
    long result;

    embed_enter();
    result = call_long(NOTED, NULL, 0);
    embed_leave();
    return result;
}
