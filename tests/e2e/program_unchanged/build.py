import cffi

ffi = cffi.FFI()
ffi.cdef("int plus(int x);")
ffi.embedding_api("int add(int x, int y); int ask(int x); int fail(void);")
ffi.set_source("plugin", "static int plus(int x) { return x + 1; }")
ffi.embedding_init_code("""
    import logging
    import subprocess
    import threading
    from plugin import ffi, lib

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern()
    def ask(x):
        return lib.plus(x)

    @ffi.def_extern(error=-1, onerror=lambda *_: None)
    def fail():
        raise ValueError
""")
ffi.compile()
