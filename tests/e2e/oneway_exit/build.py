import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    void append(const char *path, int x, int ms) /* [oneway] */;
    void say(int x) /* [oneway] */;
    int started(void);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import time
    from plugin import ffi

    @ffi.def_extern()
    def append(path, x, ms):
        time.sleep(ms / 1000)
        with open(ffi.string(path), "a") as file:
            file.write("%d\\n" % x)

    @ffi.def_extern()
    def say(x):
        print("said", x)

    @ffi.def_extern()
    def started():
        return 1
""")
ffi.compile()
