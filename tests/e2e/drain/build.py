import cffi

ffi = cffi.FFI()
ffi.embedding_api("int slow(int ms); int add(int x, int y);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import time
    from plugin import ffi

    @ffi.def_extern(error=-1)
    def slow(ms):
        print("begun")
        time.sleep(ms / 1000)
        return ms

    @ffi.def_extern(error=-2)
    def add(x, y):
        return x + y
""")
ffi.compile()
