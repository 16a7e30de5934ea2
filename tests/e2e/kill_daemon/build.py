import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); int slow(int ms); int daemon_pid(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    import time
    from plugin import ffi

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern(error=-5)
    def slow(ms):
        time.sleep(ms / 1000)
        return ms

    @ffi.def_extern()
    def daemon_pid():
        return os.getppid()
""")
ffi.compile()
