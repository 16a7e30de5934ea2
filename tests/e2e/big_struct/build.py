import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api)
ffi.set_source("plugin", api)
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def changed(b):
        view = ffi.buffer(ffi.addressof(b, "text"))
        view[0:8192] = b"y" * 8192
        b.first, b.last = b.last, b.first
        return b

    @ffi.def_extern()
    def checksum(b, n, c):
        return b.first + b.last + n + c.first + c.last + sum(ffi.buffer(ffi.addressof(c, "text"))[:]) % 1000
""")
ffi.compile()
