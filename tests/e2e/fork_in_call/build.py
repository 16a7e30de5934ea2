import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); int slow(int ms); int busy(int ms); int loads(const char *text);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import json
    import time
    from plugin import ffi

    @ffi.def_extern(error=-1)
    def add(x, y):
        return x + y

    @ffi.def_extern(error=-1)
    def slow(ms):
        time.sleep(ms / 1000)
        return ms

    @ffi.def_extern(error=-1)
    def busy(ms):
        end = time.monotonic() + ms / 1000
        while time.monotonic() < end:
            pass
        return ms

    @ffi.def_extern(error=-1)
    def loads(text):
        return len(json.loads(ffi.string(text)))
""")
ffi.compile()
