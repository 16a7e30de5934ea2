import cffi

ffi = cffi.FFI()
ffi.cdef("void leave(int status);")
ffi.embedding_api("int run(int status);")
ffi.set_source("plugin", r"""
    #include <stdlib.h>
    static void leave(int status) { exit(status); }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    @ffi.def_extern()
    def run(status):
        print("about to leave")
        lib.leave(status)
""")
ffi.compile()
