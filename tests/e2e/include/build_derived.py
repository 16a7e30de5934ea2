"""The types that it includes are in its C source, as CFFI needs them; the constants are not."""
import cffi
import build_base

ffi = cffi.FFI()
ffi.include(build_base.ffi)
ffi.cdef("struct pair { struct point first; struct point *second; };")
ffi.embedding_api("int derived(struct point *p);")
ffi.set_source("derived", """
    struct point { int x, y; };
    struct record { double first; int id; };
    enum color { RED, GREEN = 5, BLUE };
    struct pair { struct point first; struct point *second; };
""")
ffi.embedding_init_code("""
    from derived import ffi, lib

    @ffi.def_extern()
    def derived(p):
        p.x += lib.BASE
        print(ffi.sizeof("struct record"), ffi.offsetof("struct record", "id"), ffi.sizeof("struct pair"))
        print(lib.LIMIT, lib.RATIO, lib.GREEN, lib.BLUE, ffi.string(ffi.cast("enum color", 6)), flush=True)
        return ffi.new("struct point *", [1, 2]).y + p.x
""")
ffi.compile()
