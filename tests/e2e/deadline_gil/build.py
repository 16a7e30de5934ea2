import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int hold(int ms) /* [timeout(200)] */;
    int quick(int x);
    int start(void);
    int generation(void);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import ctypes, os, time
    from plugin import ffi

    library = ctypes.PyDLL(None)

    def hold_the_gil(ms):
        library.usleep(ms * 1000)

    @ffi.def_extern(error=-1)
    def hold(ms):
        hold_the_gil(ms)
        return 1

    @ffi.def_extern(error=-1)
    def quick(x):
        return x + 1

    @ffi.def_extern(error=-1)
    def start():
        print("started")
        time.sleep(60)
        return 1

    @ffi.def_extern(error=-1)
    def generation():
        return os.getpid()
""")
ffi.compile()
