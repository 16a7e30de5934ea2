/* As pybind11's manual embeds: a scoped interpreter, functions kept as py::object, the GIL taken for each call. */
#include <pybind11/embed.h>
#include <pybind11/functional.h>

#include "api.h"

namespace py = pybind11;

static py::object *functions;
enum { NOTHING, ADD, TEXT, POINT, FIRST, CALL_BACK, NOTE, NOTED };

PYBIND11_EMBEDDED_MODULE(bench_types, module)
{
    py::class_<struct point>(module, "point").def_readwrite("x", &point::x).def_readwrite("y", &point::y);
}

/* When the library is loaded, and the module above is known. */
static bool start()
{
    static const char *const names[] = { "nothing", "add", "text", "point", "first", "call_back", "note", "noted" };

    py::initialize_interpreter(false);
    py::module_::import("bench_types");
    py::exec(R"(
notes = 0
def nothing(): return 1
def add(x, y): return x + y
def text(s): return 1
def point(p): return 1
def first(v, n): return v[0]
def call_back(function, x): return function(x)
def note(x):
    global notes
    notes += 1
def noted(): return notes
)");
    functions = new py::object[8];
    for (int i = 0; i < 8; i++)
        functions[i] = py::globals()[names[i]];
    PyEval_SaveThread();
    return true;
}

static const bool started = start();

/* Takes the GIL.  A thread's Python state is kept from its first call on: else it would be made for each call. */
class gil
{
    struct state {
        state()
        {
            static thread_local bool kept;

            if (!kept) {
                kept = true;
                (void)PyGILState_Ensure();
                PyEval_SaveThread();
            }
        }
    };
    state kept;
    py::gil_scoped_acquire acquire;
};

int nothing(void)
{
    gil held;
    return functions[NOTHING]().cast<int>();
}

int add(int x, int y)
{
    gil held;
    return functions[ADD](x, y).cast<int>();
}

int text(const char *s)
{
    gil held;
    return functions[TEXT](s).cast<int>();
}

int point(struct point *p)
{
    gil held;
    return functions[POINT](py::cast(p, py::return_value_policy::reference)).cast<int>();
}

double first(const double *v, size_t n)
{
    gil held;
    return functions[FIRST](py::memoryview::from_buffer(v, { n }, { sizeof *v }), n).cast<double>();
}

int call_back(int (*function)(int x), int x)
{
    gil held;
    return functions[CALL_BACK](py::cpp_function(function), x).cast<int>();
}

void note(int x)
{
    gil held;
    functions[NOTE](x);
}

long noted(void)
{
    gil held;
    return functions[NOTED]().cast<long>();
}
