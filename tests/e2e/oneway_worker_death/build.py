import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    void slow(int ms) /* [oneway] */;
    void note(int x) /* [oneway] */;
    void text(const char *text) /* [oneway] */;
    void die(void) /* [oneway] */;
    int notes(void);
    int python_pid(void);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    import signal
    import time
    from plugin import ffi

    noted = []

    @ffi.def_extern()
    def slow(ms):
        time.sleep(ms / 1000)

    @ffi.def_extern()
    def note(x):
        noted.append(x)

    @ffi.def_extern()
    def text(text):
        noted.append(len(noted))
        print(ffi.string(text).decode())

    @ffi.def_extern()
    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    @ffi.def_extern()
    def notes():
        good = noted == list(range(len(noted)))
        count = len(noted)
        noted.clear()
        return count if good else -1

    @ffi.def_extern()
    def python_pid():
        return os.getpid()
""")
ffi.compile()
