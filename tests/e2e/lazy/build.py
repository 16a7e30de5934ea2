import cffi

ffi = cffi.FFI()
ffi.cdef("int plain(int x);")
ffi.embedding_api("int python(int x);")
ffi.set_source("plugin", """
    CFFI_DLLEXPORT int plain(int x);
    CFFI_DLLEXPORT int plain(int x) { return x + 1; }
""")
ffi.embedding_init_code("""
    print("init")
    from plugin import ffi

    @ffi.def_extern()
    def python(x):
        return x * 2
""")
ffi.compile()
