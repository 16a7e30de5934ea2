"""The measured module: one build script for coil and for CFFI."""
import cffi

DECLARATIONS = """
    struct point { double x, y; int32_t tag[4]; };
    int nothing(void);
    int add(int x, int y);
    int text(const char *s);
    int point(struct point *p);
    double first(const double *v /* [counted_by(n)] */, size_t n);
    int call_back(int (*function)(int x), int x);
    void note(int x) /* [oneway] */;
    long noted(void);
"""
ffi = cffi.FFI()
ffi.embedding_api(DECLARATIONS)
ffi.set_source("plugin", "#include <stddef.h>\n#include <stdint.h>\n" + DECLARATIONS)
ffi.embedding_init_code("""
    from plugin import ffi
    notes = 0

    @ffi.def_extern()
    def nothing():
        return 1

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern()
    def text(s):
        return 1

    @ffi.def_extern()
    def point(p):
        return 1

    @ffi.def_extern()
    def first(v, n):
        return v[0]

    @ffi.def_extern()
    def call_back(function, x):
        return function(x)

    @ffi.def_extern()
    def note(x):
        global notes
        notes += 1

    @ffi.def_extern()
    def noted():
        return notes
""")
if __name__ == "__main__":
    ffi.compile()
