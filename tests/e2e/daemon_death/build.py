import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int worker(void);
    int add(int x, int y);
    int slow(int ms);
    int hold(int ms);
    int back(int (*f)(int), int x);
    void wait_alone(int ms) /* [oneway] */;
    void note(int x) /* [oneway] */;
    int count(void);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import ctypes
    import os
    import time
    from plugin import ffi

    try:
        import blocker
    except ImportError:
        pass

    notes = 0
    usleep = ctypes.PyDLL(None).usleep  # keeps the GIL

    @ffi.def_extern(error=-1)
    def worker():
        return os.getpid()

    @ffi.def_extern(error=-1)
    def add(x, y):
        return x + y

    @ffi.def_extern(error=-1)
    def slow(ms):
        time.sleep(ms / 1000)
        return ms

    @ffi.def_extern(error=-1)
    def hold(ms):
        usleep(ms * 1000)
        return ms

    @ffi.def_extern(error=-1)
    def back(f, x):
        return f(x)

    @ffi.def_extern()
    def wait_alone(ms):
        time.sleep(ms / 1000)

    @ffi.def_extern()
    def note(x):
        global notes
        notes += 1

    @ffi.def_extern(error=-1)
    def count():
        return notes
""")
ffi.compile()
