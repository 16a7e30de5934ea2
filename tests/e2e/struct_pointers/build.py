import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api)
ffi.set_source("plugin", api)
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def move(p, by):
        if not p:
            return -1
        p.x += by
        p.y -= by
        return p[0].x

    @ffi.def_extern()
    def look(p):
        return -1 if p == ffi.NULL else p.x * 100 + p.y

    @ffi.def_extern()
    def fill(r):
        print(ffi.string(r.name), r.where.x, list(r.values), r.flag)
        r.name = b"filled"
        r.where.x = 11
        r.where.y = 12
        for i in range(4):
            r.values[i] *= 2
        r.flag = 1
        return 0

    @ffi.def_extern()
    def twice(a, b):
        # The same struct: what is written through one pointer is read through the other.
        a.x = 5
        b.y = b.x + 1
        return a == b

    @ffi.def_extern()
    def mixed(a, b, by):
        b.x = a.x + by
        return a == b
""")
ffi.compile()
