import cffi

ffi = cffi.FFI()
ffi.cdef("""
    int plus_counter(int x);
    extern "Python" int hidden(int x);
    extern "Python+C" {
        int visible(int x);
    }
""")
ffi.embedding_api("""
    extern int counter;
    extern const char *const version;
    int bump(void);
""")
ffi.set_source("plugin", r"""
    static int hidden(int x);
    extern int visible(int x);
    CFFI_DLLEXPORT int plus_counter(int x);
    CFFI_DLLEXPORT int counter = 40;
    CFFI_DLLEXPORT const char *const version = "1.5";
    CFFI_DLLEXPORT int plus_counter(int x) { return hidden(x) + visible(x) + counter; }
""")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def hidden(x):
        return x * 1000

    @ffi.def_extern()
    def visible(x):
        return x * 100

    @ffi.def_extern()
    def bump():
        return 1
""")
ffi.compile()
