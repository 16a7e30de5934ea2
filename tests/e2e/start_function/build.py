import cffi

ffi = cffi.FFI()
ffi.cdef("int start(void);")
ffi.embedding_api("int python(int x);")
ffi.set_source("plugin", """
    CFFI_DLLEXPORT int start(void);
    CFFI_DLLEXPORT int start(void) { return cffi_start_python(); }
""")
ffi.embedding_init_code("""
    print("init")
    from plugin import ffi

    @ffi.def_extern()
    def python(x):
        return -x
""")
ffi.compile()
