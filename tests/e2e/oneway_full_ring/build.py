import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    void slow(int ms) /* [oneway] */;
    void line(int x) /* [oneway] */;
    void large(const char *text, int x) /* [oneway] */;
    int count(void);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import time
    from plugin import ffi

    lines = 0

    @ffi.def_extern()
    def slow(ms):
        time.sleep(ms / 1000)

    @ffi.def_extern()
    def line(x):
        global lines
        lines += 1
        print("line %d of those that Python prints while the program calls on" % x)

    @ffi.def_extern()
    def large(text, x):
        global lines
        lines += len(ffi.string(text)) == x

    @ffi.def_extern()
    def count():
        global lines
        result, lines = lines, 0
        return result
""")
ffi.compile()
