import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int around(int (*inner)(void)) /* [error(-1)] */;
    int watch(void (*ready)(void)) /* [error(-1)] */;
    void slow(int ms) /* [oneway] */;
    void note(int x) /* [oneway] */;
    int add(int x, int y) /* [error(-1)] */;
    int notes(void) /* [error(-1)] */;
    int python_pid(void) /* [error(-1)] */;
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    import threading
    import time
    from plugin import ffi

    begun = threading.Event()
    noted = []

    @ffi.def_extern()
    def around(inner):
        return inner()

    @ffi.def_extern()
    def watch(ready):
        begun.wait()
        ready()
        time.sleep(60)
        return 0

    @ffi.def_extern()
    def slow(ms):
        begun.set()
        time.sleep(ms / 1000)

    @ffi.def_extern()
    def note(x):
        noted.append(x)

    @ffi.def_extern()
    def add(x, y):
        noted.append(x + y)
        return x + y

    @ffi.def_extern()
    def notes():
        number = 0
        for x in noted:
            number = number * 10 + x
        return number

    @ffi.def_extern()
    def python_pid():
        return os.getpid()
""")
ffi.compile()
