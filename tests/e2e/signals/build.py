import cffi

ffi = cffi.FFI()
ffi.embedding_api("int slow(int ms); int handlers(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import time
    from plugin import ffi

    @ffi.def_extern()
    def slow(ms):
        time.sleep(ms / 1000)
        return ms

    @ffi.def_extern()
    def handlers():
        return 0
""")
ffi.compile()
