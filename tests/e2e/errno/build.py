import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int seen(void);
    int set(int value);
    int untouched(void);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    from plugin import ffi

    @ffi.def_extern()
    def seen():
        return ffi.errno

    @ffi.def_extern()
    def set(value):
        old = ffi.errno
        ffi.errno = value
        return old

    @ffi.def_extern()
    def untouched():
        try:
            os.stat("/no/such/file")
        except OSError:
            pass
        return ffi.errno
""")
ffi.compile()
