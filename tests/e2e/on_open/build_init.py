import cffi

ffi = cffi.FFI()
ffi.cdef("int in_init(int x);")
ffi.embedding_api("int wrong(void);")
ffi.set_source("third", """
    CFFI_DLLEXPORT int in_init(int x);
    CFFI_DLLEXPORT int in_init(int x) { return x; }
""")
ffi.embedding_init_code("""
    import coil
    from third import ffi, lib

    @coil.on_open
    def opened():
        pass

    @ffi.def_extern()
    def wrong():
        return 1

    lib.in_init(3)
""")
ffi.compile()
