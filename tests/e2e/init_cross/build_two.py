import cffi

ffi = cffi.FFI()
ffi.cdef("int call_one(int x); void meet_two(void);")
ffi.embedding_api("int two(int x); int two_found(void);")
ffi.set_source("two", """
    extern int (*the_one)(int x);
    extern void meet(void);
    static int call_one(int x) { return the_one(x); }
    static void meet_two(void) { meet(); }
""")
ffi.embedding_init_code("""
    from two import ffi, lib

    @ffi.def_extern(error=-1)
    def two(x):
        return x + 1

    lib.meet_two()
    found = lib.call_one(40)

    @ffi.def_extern(error=-1)
    def two_found():
        return found
""")
ffi.compile()
