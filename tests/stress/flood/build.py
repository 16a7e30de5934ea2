import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def add(x, y):
        return x + y
""")
ffi.compile()
