import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); int slow(int ms);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    import time
    from plugin import ffi

    @ffi.def_extern(error=-1)
    def add(x, y):
        return x + y

    @ffi.def_extern(error=-1)
    def slow(ms):
        if ms < 0:
            return os.getpid()
        time.sleep(ms / 1000)
        return ms
""")
ffi.compile()
