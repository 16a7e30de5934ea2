import cffi

ffi = cffi.FFI()
ffi.cdef("int plus(int x);")
ffi.embedding_api("""
    int slow(int ms);
    int ask(int x);
    long total(const int *v /* [counted_by(n)] */, long n);
    void note(int x); /* [oneway] */
    int noted(void);
    int die(void);
""")
ffi.set_source("plugin", """
    #include <errno.h>
    #include <time.h>
    static int plus(int x)
    {
        struct timespec time = { 0, 3000000 };

        while (nanosleep(&time, &time) < 0 && errno == EINTR)
            ;
        return x + 1;
    }
""")
ffi.embedding_init_code("""
    import os
    import time
    from plugin import ffi, lib

    notes = 0

    @ffi.def_extern(error=-1)
    def slow(ms):
        time.sleep(ms / 1000)
        return ms

    @ffi.def_extern(error=-1)
    def ask(x):
        return lib.plus(x)

    @ffi.def_extern(error=-1)
    def total(v, n):
        return sum(v[0:n])

    @ffi.def_extern()
    def note(x):
        global notes
        notes += 1

    @ffi.def_extern(error=-1)
    def noted():
        return notes

    @ffi.def_extern(error=-7)
    def die():
        time.sleep(0.02)
        os._exit(0)
""")
ffi.compile()
