import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api)
ffi.set_source("plugin", api)
ffi.embedding_init_code("""
    from plugin import ffi

    slots = {}

    @ffi.def_extern()
    def same(p):
        return p

    @ffi.def_extern()
    def same_const(p):
        return p

    @ffi.def_extern()
    def store(h, slot):
        slots[slot] = h
        return h

    @ffi.def_extern()
    def fetch(slot):
        return slots.pop(slot, ffi.NULL)

    @ffi.def_extern()
    def is_null(p):
        return p == ffi.NULL

    @ffi.def_extern()
    def compare(a, b):
        return int(a == b) + 2 * (int(ffi.cast("uintptr_t", a)) < int(ffi.cast("uintptr_t", b)))
""")
ffi.compile()
