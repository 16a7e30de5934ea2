import cffi

ffi = cffi.FFI()
ffi.cdef("int plain(int x);")
ffi.embedding_api("extern int variable; int function(int x); int read_variable(void);")
ffi.set_source("plugin", """
    CFFI_DLLEXPORT int variable = 3;
    CFFI_DLLEXPORT int plain(int x);
    CFFI_DLLEXPORT int plain(int x) { return x + 1; }
""")
ffi.embedding_init_code("""
    from plugin import ffi, lib

    @ffi.def_extern(error=-1)
    def function(x):
        return lib.plain(x)

    @ffi.def_extern(error=-2)
    def read_variable():
        return lib.variable
""")
ffi.compile()
