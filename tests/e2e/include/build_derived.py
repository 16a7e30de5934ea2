import cffi
import build_base

ffi = cffi.FFI()
ffi.include(build_base.ffi)
ffi.embedding_api("int derived(struct point *p);")
ffi.set_source("derived", "struct point { int x, y; };")
ffi.embedding_init_code("""
    from derived import ffi, lib

    @ffi.def_extern()
    def derived(p):
        p.x += lib.BASE
        return ffi.new("struct point *", [1, 2]).y + p.x
""")
ffi.compile()
