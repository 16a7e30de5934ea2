/* Python runs in the program and hands over function pointers that ctypes.CFUNCTYPE has made; calls go through them. */
#include "api.h"
#include "common/embed.h"

static int (*nothing_pointer)(void);
static int (*add_pointer)(int, int);
static int (*text_pointer)(const char *);
static int (*point_pointer)(struct point *);
static double (*first_pointer)(const double *, size_t);
static int (*call_back_pointer)(int (*)(int), int);
static void (*note_pointer)(int);
static long (*noted_pointer)(void);

static const char code[] =
    "from ctypes import *\n"
    "class Point(Structure):\n"
    "    _fields_ = [('x', c_double), ('y', c_double), ('tag', c_int32 * 4)]\n"
    "notes = 0\n"
    "def nothing(): return 1\n"
    "def add(x, y): return x + y\n"
    "def text(s): return 1\n"
    "def point(p): return 1\n"
    "def first(v, n): return v[0]\n"
    "def call_back(function, x): return function(x)\n"
    "def note(x):\n"
    "    global notes\n"
    "    notes += 1\n"
    "def noted(): return notes\n"
    "pointers = dict(nothing=CFUNCTYPE(c_int)(nothing), add=CFUNCTYPE(c_int, c_int, c_int)(add),\n"
    "    text=CFUNCTYPE(c_int, c_char_p)(text), point=CFUNCTYPE(c_int, POINTER(Point))(point),\n"
    "    first=CFUNCTYPE(c_double, POINTER(c_double), c_size_t)(first),\n"
    "    call_back=CFUNCTYPE(c_int, CFUNCTYPE(c_int, c_int), c_int)(call_back),\n"
    "    note=CFUNCTYPE(None, c_int)(note), noted=CFUNCTYPE(c_long)(noted))\n"
    "addresses = {name: cast(pointer, c_void_p).value for name, pointer in pointers.items()}\n";

static void take(PyObject *addresses, const char *name, void *ret_pointer)
{
    void *address = PyLong_AsVoidPtr(PyDict_GetItemString(addresses, name));

    memcpy(ret_pointer, &address, sizeof address);
}

__attribute__((constructor)) static void start(void)
{
    PyObject *addresses = PyDict_GetItemString(embed_start(code), "addresses");

    take(addresses, "nothing", &nothing_pointer);
    take(addresses, "add", &add_pointer);
    take(addresses, "text", &text_pointer);
    take(addresses, "point", &point_pointer);
    take(addresses, "first", &first_pointer);
    take(addresses, "call_back", &call_back_pointer);
    take(addresses, "note", &note_pointer);
    take(addresses, "noted", &noted_pointer);
    embed_leave();
}

/* A thread's state is kept from its first call on: else ctypes would make one for each call. */
static inline void keep_state(void)
{
    if (!embed_state) {
        embed_enter();
        embed_leave();
    }
}

int nothing(void)
{
    keep_state();
    return nothing_pointer();
}

int add(int x, int y)
{
    keep_state();
    return add_pointer(x, y);
}

int text(const char *s)
{
    keep_state();
    return text_pointer(s);
}

int point(struct point *p)
{
    keep_state();
    return point_pointer(p);
}

double first(const double *v, size_t n)
{
    keep_state();
    return first_pointer(v, n);
}

int call_back(int (*function)(int x), int x)
{
    keep_state();
    return call_back_pointer(function, x);
}

void note(int x)
{
    keep_state();
    note_pointer(x);
}

long noted(void)
{
    keep_state();
    return noted_pointer();
}
