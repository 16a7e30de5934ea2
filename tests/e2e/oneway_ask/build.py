import cffi

ffi = cffi.FFI()
ffi.cdef("int tell(int x); int notify(int x); extern int total;")
ffi.embedding_api("""
    void add(int x) /* [oneway] */;
    void nested(int x) /* [oneway] */;
    void who(void) /* [oneway] */;
    int done(void);
    int twice(int x);
""")
ffi.set_source("plugin", """
    extern CFFI_DLLEXPORT int twice(int x);
    extern CFFI_DLLEXPORT void add(int x);
    CFFI_DLLEXPORT int total = 0;
    CFFI_DLLEXPORT int tell(int x);
    CFFI_DLLEXPORT int tell(int x) { return __atomic_add_fetch(&total, x, __ATOMIC_SEQ_CST); }
    CFFI_DLLEXPORT int notify(int x);
    CFFI_DLLEXPORT int notify(int x) { return twice(x); }
""")
ffi.embedding_init_code("""
    import coil
    import os
    from plugin import ffi, lib

    @ffi.def_extern()
    def add(x):
        lib.tell(x)

    @ffi.def_extern()
    def nested(x):
        print("nested", lib.notify(x))

    @ffi.def_extern()
    def who():
        session = coil.current()
        print("who", session.peer == coil.peer(), coil.cwd() == "/", "PATH" in coil.environ())

    @ffi.def_extern()
    def done():
        return lib.total

    @ffi.def_extern()
    def twice(x):
        return 2 * x
""")
ffi.compile()
