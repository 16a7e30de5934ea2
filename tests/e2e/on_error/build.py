import cffi

ffi = cffi.FFI()
ffi.embedding_api("int fail(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern(error=-3)
    def fail():
        raise RuntimeError("as asked")
""")
ffi.compile()
