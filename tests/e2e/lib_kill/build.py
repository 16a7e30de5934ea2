import cffi

ffi = cffi.FFI()
ffi.cdef("int kill_then_call(int pid);")
ffi.embedding_api("int outer(int x); int inner(int x); int again(int x);")
ffi.set_source("plugin", r"""
    #include <signal.h>
    #include <stdio.h>
    #include <unistd.h>
    CFFI_DLLEXPORT int inner(int x);
    static int kill_then_call(int pid)
    {
        int r;

        kill(pid, SIGKILL);
        r = inner(1);
        printf("in C, inner returned %d\n", r);
        r = inner(2);
        printf("in C, inner returned %d\n", r);
        return 0;
    }
""")
ffi.embedding_init_code(r"""
    import os
    from plugin import ffi, lib

    @ffi.def_extern(error=-5)
    def outer(x):
        return lib.kill_then_call(os.getpid())

    @ffi.def_extern(error=-6)
    def inner(x):
        return x

    @ffi.def_extern(error=-7)
    def again(x):
        return x
""")
ffi.compile()
