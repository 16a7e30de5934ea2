import cffi

ffi = cffi.FFI()
ffi.embedding_api("int one(int ms);")
ffi.set_source("one", "")
ffi.embedding_init_code("""
    import time
    from one import ffi

    @ffi.def_extern(error=-1)
    def one(ms):
        time.sleep(ms / 1000)
        return ms
""")
ffi.compile()
