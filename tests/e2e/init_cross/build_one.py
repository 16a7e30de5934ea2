import cffi

ffi = cffi.FFI()
ffi.cdef("int call_two(int x); void meet_one(void);")
ffi.embedding_api("int one(int x); int one_found(void);")
ffi.set_source("one", """
    extern int (*the_two)(int x);
    extern void meet(void);
    static int call_two(int x) { return the_two(x); }
    static void meet_one(void) { meet(); }
""")
ffi.embedding_init_code("""
    from one import ffi, lib

    @ffi.def_extern(error=-1)
    def one(x):
        return x + 1

    lib.meet_one()
    found = lib.call_two(40)

    @ffi.def_extern(error=-1)
    def one_found():
        return found
""")
ffi.compile()
