import cffi

ffi = cffi.FFI()
ffi.cdef("int offer(int x); extern int variable; const char *word(void);")
ffi.embedding_api("int result(void); int twice(int x); int mine(void);")
ffi.set_source("plugin", """
    extern CFFI_DLLEXPORT int twice(int x);
    CFFI_DLLEXPORT int variable = 5;
    CFFI_DLLEXPORT int offer(int x);
    CFFI_DLLEXPORT int offer(int x) { return x + twice(x); }
    CFFI_DLLEXPORT const char *word(void);
    CFFI_DLLEXPORT const char *word(void) { return "from C"; }
""")
ffi.embedding_init_code("""
    import os
    import sys
    from plugin import ffi, lib

    print("init code begins")
    print("and complains", file=sys.stderr)

    @ffi.def_extern()
    def twice(x):
        return 2 * x

    try:
        found = lib.variable
    except Exception:
        found = -1  # what init code catches does not change where it has to run
    print("variable", found)
    lib.variable = 6
    found += lib.offer(10)
    print(ffi.string(lib.word()).decode())
    print("init code ends")

    @ffi.def_extern()
    def result():
        return found

    @ffi.def_extern()
    def mine():
        return os.environ.get("MINE") == "yes" and os.getcwd() == "/usr"
""")
ffi.compile()
