import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int plain(int ms);
    int declared(int ms) /* [timeout(300)] */;
    int again(int ms) /* [idempotent] */;
    int pid(void);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os, time
    from plugin import ffi

    time.sleep(float(os.environ.get("PYTHONSLOWINIT", "0")))
    print("init code")

    def nap(ms):
        end = time.monotonic() + ms / 1000
        while time.monotonic() < end:
            time.sleep(0.01)
        return ms

    @ffi.def_extern(error=-1)
    def plain(ms):
        return nap(ms)

    @ffi.def_extern(error=-1)
    def declared(ms):
        return nap(ms)

    @ffi.def_extern(error=-1)
    def again(ms):
        return nap(ms)

    @ffi.def_extern(error=-1)
    def pid():
        return os.getpid()
""")
ffi.compile()
