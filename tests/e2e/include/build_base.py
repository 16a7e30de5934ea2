import cffi

ffi = cffi.FFI()
ffi.cdef("""
    struct point { int x, y; };
    #define BASE 11
""")
ffi.embedding_api("int base(struct point *p);")
ffi.set_source("base", "struct point { int x, y; };\n#define BASE 11")
ffi.embedding_init_code("""
    from base import ffi

    @ffi.def_extern()
    def base(p):
        return p.x
""")
if __name__ == "__main__":
    ffi.compile()
