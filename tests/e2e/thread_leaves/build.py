import cffi

ffi = cffi.FFI()
ffi.cdef("void leave(int depth);")
ffi.embedding_api("int outer(int depth); int add(int x, int y);")
ffi.set_source("plugin", r"""
    #include <pthread.h>
    extern CFFI_DLLEXPORT int outer(int depth);

    static void leave(int depth)
    {
        if (depth == 0)
            pthread_exit("left");
        outer(depth - 1);
    }
""")
ffi.embedding_init_code("""
    from plugin import ffi, lib

    @ffi.def_extern(error=-1)
    def outer(depth):
        return lib.leave(depth)

    @ffi.def_extern(error=-1)
    def add(x, y):
        return x + y
""")
ffi.compile()
