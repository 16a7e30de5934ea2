import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); int crash(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern(error=-11)
    def crash():
        ffi.cast("int *", 8)[0] = 1
        return 0
""")
ffi.compile()
