import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); int other(int x); void nothing(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def other(x):
        return x + 1
""")
ffi.compile()
