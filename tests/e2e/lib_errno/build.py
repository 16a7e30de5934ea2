import cffi

ffi = cffi.FFI()
ffi.cdef("int set_and_get(int value); int only_get(void); int fail(void); extern int plain; int nested(int value);")
ffi.embedding_api("int run(void); int inner(void);")
ffi.set_source("plugin", r"""
    #include <errno.h>
    #include <unistd.h>
    static int plain = 1;
    CFFI_DLLEXPORT int inner(void);
    static int set_and_get(int value) { int before = errno; errno = value; return before; }
    static int only_get(void) { return errno; }
    static int fail(void) { return close(-1); }
    static int nested(int value) { errno = value; int r = inner(); return r * 1000 + errno; }
""")
ffi.embedding_init_code(r"""
    import errno, os
    from plugin import ffi, lib

    @ffi.def_extern()
    def run():
        print("came with", ffi.errno)
        print(lib.set_and_get(17), ffi.errno)
        ffi.errno = 5
        print(lib.only_get(), ffi.errno, lib.plain, ffi.errno)
        try:
            os.stat("/nowhere/at/all")
        except OSError:
            pass
        print(lib.only_get(), ffi.errno)
        print(lib.fail(), errno.errorcode[ffi.errno])
        ffi.errno = 0
        print(lib.nested(33), ffi.errno)
        ffi.errno = 44
        return 0

    @ffi.def_extern()
    def inner():
        was = ffi.errno
        lib.set_and_get(8)
        ffi.errno = 55
        return was
""")
ffi.compile()
