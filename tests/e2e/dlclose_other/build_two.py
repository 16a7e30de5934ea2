import cffi

ffi = cffi.FFI()
ffi.embedding_api("int two(int ms);")
ffi.set_source("two", "")
ffi.embedding_init_code("""
    import time
    from two import ffi

    @ffi.def_extern(error=-1)
    def two(ms):
        time.sleep(ms / 1000)
        return ms
""")
ffi.compile()
