"""An include of an include; the C source knows nothing of either."""
import cffi
import build_base

middle = cffi.FFI()
middle.include(build_base.ffi)
middle.cdef("struct middle { char c; ...; };")
middle.set_source("middle", "struct middle { long l; char c; };")
middle.compile()

ffi = cffi.FFI()
ffi.include(middle)
ffi.embedding_api("int more(struct point *p);")
ffi.set_source("more", "")
ffi.embedding_init_code("""
    from more import ffi, lib

    def show(name):
        type = ffi.typeof(name)
        print(name, ffi.sizeof(type), ffi.alignof(type))
        for name, field in type.fields or ():
            size = "" if field.bitsize < 0 else " %d bits from %d on" % (field.bitsize, field.bitshift)
            print("   ", name, field.offset, ffi.sizeof(field.type), field.type.kind + size)

    @ffi.def_extern()
    def more(p):
        for name in "struct point", "struct record", "shape_t", "struct flags", "struct node", "struct middle":
            show(name)
        for name in "enum color", "enum mode":
            print(name, ffi.typeof(name).relements)
        for name in "ident_t", "scale_t", "grid_t":
            print(name, ffi.sizeof(name), ffi.typeof(name).kind)
        print(lib.BASE, lib.LIMIT, lib.RATIO, lib.HUGE, lib.ALONE, lib.FAST, lib.BLUE, lib.ON)
        print(int(ffi.cast("ident_t", 70000)), ffi.typeof("hidden_t *").kind)
        p.y += lib.BASE
        return ffi.new("struct node *", {"lamp": {"state": lib.ON}}).lamp.state
""")
if __name__ == "__main__":
    ffi.compile()
