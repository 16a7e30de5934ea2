import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api)
ffi.set_source("plugin", api)
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def sum(values):
        return -1 if not values else values[0] + values[1] + values[2] + values[3]

    @ffi.def_extern()
    def square(values):
        for i in range(4):
            values[i] **= 2
        return values[3]

    @ffi.def_extern()
    def transpose(m):
        print([[m[i][j] for j in range(3)] for i in range(2)])
        m[0][0], m[1][2] = m[1][2], m[0][0]
        return m[0][0]

    @ffi.def_extern()
    def bytes(data, key):
        for i in range(16):
            data[i] ^= key[i % 4]
        return 16
""")
ffi.compile()
