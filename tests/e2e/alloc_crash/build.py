import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int add_one(long *v /* [inout, counted_by(n)] */, size_t n);
    int crash(long *v /* [inout, counted_by(n)] */, size_t n);
    size_t address(void *p);
""")
ffi.set_source("plugin", "#include <stddef.h>")
ffi.embedding_init_code("""
    import os
    from plugin import ffi

    @ffi.def_extern()
    def add_one(v, n):
        for i in range(n):
            v[i] += 1
        return 1

    @ffi.def_extern(error=-1)
    def crash(v, n):
        v[0] = 100
        os.kill(os.getpid(), 9)

    @ffi.def_extern()
    def address(p):
        return int(ffi.cast("uintptr_t", p))
""")
ffi.compile()
