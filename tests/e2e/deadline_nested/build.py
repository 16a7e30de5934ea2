import cffi

ffi = cffi.FFI()
ffi.cdef("""
    int c_add(int x, int y);
    int c_nap(int ms);
    int c_calls(int which, int ms);
    int c_repeats(int count);
""")
ffi.embedding_api("""
    int inner(int ms) /* [timeout(200)] */;
    int inner_patient(int ms) /* [timeout(60000)] */;
    int inner_plain(int ms);
    int quick(int x);
    int outer(int which, int ms);
    int outer_late(int which, int ms) /* [timeout(300)] */;
    int outer_naps(int ms) /* [timeout(200)] */;
    int outer_repeats(int count) /* [timeout(200)] */;
    int asks_late(void) /* [timeout(200)] */;
    int asks_forever(void) /* [timeout(20)] */;
    int ended(void);
""")
ffi.set_source("plugin", """
    #include <time.h>

    int inner(int), inner_patient(int), inner_plain(int), quick(int);

    static int c_add(int x, int y)
    {
        return x + y;
    }

    static int c_nap(int ms)
    {
        struct timespec time = { ms / 1000, ms % 1000 * 1000000L };

        return nanosleep(&time, 0);
    }

    /* Nothing that is called takes long. */
    static int c_repeats(int count)
    {
        for (int i = 0; i < count; i++) {
            quick(i);
            c_nap(5);
        }
        return count;
    }

    /* What is called is late; the call behind it works. */
    static int c_calls(int which, int ms)
    {
        int result = which == 0 ? inner(ms) : which == 1 ? inner_patient(ms) : inner_plain(ms);

        return result * 100 + quick(1);
    }
""")
ffi.embedding_init_code("""
    import time
    import coil
    from plugin import ffi, lib

    ends = 0

    def nap(ms):
        global ends
        try:
            end = time.monotonic() + ms / 1000
            while time.monotonic() < end:
                time.sleep(0.05)
            return 1
        except coil.DeadlineExceeded:
            ends += 1
            raise

    @ffi.def_extern(error=-1)
    def inner(ms):
        return nap(ms)

    @ffi.def_extern(error=-1)
    def inner_patient(ms):
        return nap(ms)

    @ffi.def_extern(error=-1)
    def inner_plain(ms):
        return nap(ms)

    @ffi.def_extern(error=-1)
    def quick(x):
        return x + 1

    @ffi.def_extern(error=-7)
    def outer(which, ms):
        return lib.c_calls(which, ms)

    @ffi.def_extern(error=-7)
    def outer_late(which, ms):
        result = lib.c_calls(which, ms)
        while result != 102: # -98, or -101 if the exception came into the call behind the late one
            pass
        return result

    @ffi.def_extern(error=-7)
    def outer_naps(ms):
        try:
            lib.c_nap(ms)
            while True:
                pass
        except coil.DeadlineExceeded:
            global ends
            ends += 1
            raise

    @ffi.def_extern(error=-7)
    def outer_repeats(count):
        result = lib.c_repeats(count)
        time.sleep(0.02) # long enough for the program to look at the clock
        return result

    @ffi.def_extern(error=-7)
    def asks_late():
        global ends
        try:
            time.sleep(0.6)
        except coil.DeadlineExceeded:
            ends += 1
        if lib.c_add(1, 2) != 3:
            ends += 100
        while True:
            pass

    @ffi.def_extern(error=-7)
    def asks_forever():
        while True:
            lib.c_add(1, 2)

    @ffi.def_extern(error=-7)
    def ended():
        global ends
        result, ends = ends, 0
        return result
""")
ffi.compile()
