import cffi

ffi = cffi.FFI()
ffi.cdef("""
    struct point { int x, y; };
    struct record { int id; ...; };
    enum color { RED, GREEN = ..., BLUE };
    #define BASE 11
    #define LIMIT ...
    static const double RATIO;
""")
ffi.embedding_api("int base(struct point *p);")
ffi.set_source("base", """
    struct point { int x, y; };
    struct record { double first; int id; };
    enum color { RED, GREEN = 5, BLUE };
    #define BASE 11
    #define LIMIT (-77)
    #define RATIO 0.5
""")
ffi.embedding_init_code("""
    from base import ffi

    @ffi.def_extern()
    def base(p):
        return p.x
""")
if __name__ == "__main__":
    ffi.compile()
