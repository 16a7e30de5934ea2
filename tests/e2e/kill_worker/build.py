import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); int slow(int ms); int slow_plain(int ms); int python_pid(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    import time
    from plugin import ffi

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern(error=-77)
    def slow(ms):
        time.sleep(ms / 1000)
        return ms

    @ffi.def_extern()
    def slow_plain(ms):
        time.sleep(ms / 1000)
        return ms

    @ffi.def_extern()
    def python_pid():
        return os.getpid()
""")
ffi.compile()
