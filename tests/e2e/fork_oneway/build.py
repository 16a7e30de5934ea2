import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    void append(const char *path, int x); /* [oneway] */
    int add(int x, int y);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import time
    from plugin import ffi

    @ffi.def_extern()
    def append(path, x):
        time.sleep(0.001)
        with open(ffi.string(path), "a") as file:
            file.write("%d\\n" % x)

    @ffi.def_extern()
    def add(x, y):
        return x + y
""")
ffi.compile()
