import cffi

ffi = cffi.FFI()
ffi.embedding_api("int divide(int x, int y); int missing(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern(error=-1)
    def divide(x, y):
        return x // y
""")
ffi.compile()
