import cffi

ffi = cffi.FFI()
ffi.cdef("void rest(void); int again(int depth); int plain(int x); void leave(void);")
ffi.embedding_api("int run(int depth); int leave_from_c(void); int count(void);")
ffi.set_source("plugin", r"""
    #include <pthread.h>
    #include <semaphore.h>
    #include <unistd.h>
    CFFI_DLLEXPORT int run(int depth);
    CFFI_DLLEXPORT sem_t resting;
    sem_t resting;
    static int plain(int x) { return x + 1; }
    static void rest(void) { sem_post(&resting); for (;;) pause(); }
    static int again(int depth) { return run(depth); }
    static void leave(void) { pthread_exit(NULL); }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    ended = []

    @ffi.def_extern(error=-5)
    def run(depth):
        try:
            return lib.again(depth - 1) if depth else lib.rest()
        except RuntimeError as error:
            ended.append(str(error))
            try:
                lib.plain(1)
            except RuntimeError as error:
                ended.append(str(error))
            raise SystemExit

    @ffi.def_extern(error=-5)
    def leave_from_c():
        try:
            lib.leave()
        except RuntimeError:
            ended.append("left")
        return 0

    @ffi.def_extern()
    def count():
        return len(ended)
""")
ffi.compile()
