import cffi

ffi = cffi.FFI()
ffi.cdef("int flush_here(int x);")
ffi.embedding_api("""
    void slow(int ms) /* [oneway] */;
    void say(int x) /* [oneway] */;
    void fail(void) /* [oneway] */;
    int ask(int x);
    int python_pid(void);
""")
ffi.set_source("plugin", """
    #include <coil.h>
    extern CFFI_DLLEXPORT void say(int x);
    CFFI_DLLEXPORT int flush_here(int x);
    CFFI_DLLEXPORT int flush_here(int x) { say(x); return coil_flush(); }
""")
ffi.embedding_init_code("""
    import os
    import time
    from plugin import ffi, lib

    @ffi.def_extern()
    def slow(ms):
        time.sleep(ms / 1000)
        print("slept")

    @ffi.def_extern()
    def say(x):
        print("say", x)

    @ffi.def_extern()
    def fail():
        raise ValueError("failed")

    @ffi.def_extern(error=-1)
    def ask(x):
        print("before", x)
        result = lib.flush_here(x)
        print("after", x, result)
        return result

    @ffi.def_extern()
    def python_pid():
        return os.getpid()
""")
ffi.compile()
