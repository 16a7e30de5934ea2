import cffi

ffi = cffi.FFI()
ffi.cdef("int offer(int x); extern int variable;")
ffi.embedding_api("""
    int opened(void);
    int twice(int x);
    int mine(void);
""")
ffi.set_source("plugin", """
    extern CFFI_DLLEXPORT int twice(int x);
    CFFI_DLLEXPORT int variable = 5;
    CFFI_DLLEXPORT int offer(int x);
    CFFI_DLLEXPORT int offer(int x) { return x + twice(x); }
""")
ffi.embedding_init_code("""
    import coil
    import os
    from plugin import ffi, lib

    print("init code")
    programs = {}

    @ffi.def_extern()
    def twice(x):
        return 2 * x

    @coil.on_open
    def first():
        # As in a call: lib is the program's, and C may call back, although the module is not open yet.
        print("opened by", "the program" if coil.peer().pid == coil.current().peer.pid else "nobody", lib.offer(7))
        lib.variable += 1
        programs[coil.current()] = coil.environ()["NAME"]

    @coil.on_open
    def second():
        programs[coil.current()] += "!"
        print("second", lib.variable)

    @ffi.def_extern()
    def opened():
        return len(programs)

    @ffi.def_extern()
    def mine():
        return programs[coil.current()] == coil.environ()["NAME"] + "!"
""")
ffi.compile()
