import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    void note(int x) /* [oneway] */;
    void stuck(int ms) /* [oneway] */;
    void hold(int ms) /* [oneway] */;
    int count(void) /* [timeout(20000)] */;
    int quick(int x) /* [timeout(300)] */;
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import ctypes, time
    from plugin import ffi

    library = ctypes.PyDLL(None)
    notes = 0

    @ffi.def_extern()
    def note(x):
        global notes
        notes += 1

    @ffi.def_extern()
    def stuck(ms):
        time.sleep(ms / 1000)

    @ffi.def_extern()
    def hold(ms):
        library.usleep(ms * 1000)

    @ffi.def_extern(error=-1)
    def count():
        return notes

    @ffi.def_extern(error=-1)
    def quick(x):
        return x + 1
""")
ffi.compile()
