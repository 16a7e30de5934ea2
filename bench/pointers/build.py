"""The measured module: one row of the table, one function; good for coil and for CFFI."""
import cffi

DECLARATIONS = """
    struct point { double x, y; int32_t tag[4]; };
    struct person { const char *name; struct point *home; int age; };
    struct node { int64_t value; struct node *next; };

    int add(int x, int y);
    int text_in(const char *text);
    int text_inout(char *text);
    int point_in(const struct point *p);
    int point_inout(struct point *p);
    int person_in(const struct person *p);
    int list_in(const struct node *head);
    int names_in(const char *const *names /* [string, counted_by(n)] */, int n);
    double first(const double *v /* [counted_by(n)] */, size_t n);
    double first_inout(double *v /* [inout, counted_by(n)] */, size_t n);
    double first_out(double *v /* [out, counted_by(n)] */, size_t n);
    double sum(const double *v /* [counted_by(n)] */, size_t n);
    struct point *make_point(double x);
    int call_back(int (*function)(int x), int x);
    int call_lib(int x);
    void note(int x) /* [oneway] */;
    long noted(void);
"""
ffi = cffi.FFI()
ffi.embedding_api(DECLARATIONS)
ffi.cdef("int twice(int x);")
ffi.set_source("plugin", '#include "api.h"\nstatic int twice(int x) { return 2 * x; }\n')
ffi.embedding_init_code("""
    from plugin import ffi, lib
    import numpy
    count = 0
    last = None

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern()
    def text_in(text):
        return 1

    @ffi.def_extern()
    def text_inout(text):
        return 1

    @ffi.def_extern()
    def point_in(p):
        return 1

    @ffi.def_extern()
    def point_inout(p):
        return 1

    @ffi.def_extern()
    def person_in(p):
        return 1

    @ffi.def_extern()
    def list_in(head):
        return 1

    @ffi.def_extern()
    def names_in(names, n):
        return 1

    def view(v, n):
        return numpy.frombuffer(ffi.buffer(v, 8 * n))

    @ffi.def_extern()
    def first(v, n):
        return view(v, n)[0]

    @ffi.def_extern()
    def first_inout(v, n):
        return view(v, n)[0]

    @ffi.def_extern()
    def first_out(v, n):
        return view(v, n)[0]

    @ffi.def_extern()
    def sum(v, n):
        return view(v, n).sum()

    @ffi.def_extern()
    def make_point(x):
        global last
        last = ffi.new("struct point *")
        last.x = x
        return last

    @ffi.def_extern()
    def call_back(function, x):
        return function(x)

    @ffi.def_extern()
    def call_lib(x):
        return lib.twice(x)

    @ffi.def_extern()
    def note(x):
        global count
        count += 1

    @ffi.def_extern()
    def noted():
        return count
""")
if __name__ == "__main__":
    with open("api.h", "w") as file:
        file.write("#include <stddef.h>\n#include <stdint.h>\n" + DECLARATIONS)
    ffi.compile()
