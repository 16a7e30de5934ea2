import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    void note(int x) /* [oneway] */;
    void text(const char *text) /* [oneway] */;
    int noted(void);
    int worker(void);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    from plugin import ffi

    count = 0

    @ffi.def_extern()
    def note(x):
        global count
        count += 1

    @ffi.def_extern()
    def text(text):
        note(0)

    @ffi.def_extern(error=-1)
    def noted():
        return count

    @ffi.def_extern(error=-1)
    def worker():
        return os.getpid()
""")
ffi.compile()
