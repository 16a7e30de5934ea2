import cffi

ffi = cffi.FFI()
ffi.embedding_api("int good(int x);")
ffi.set_source("good", "")
ffi.embedding_init_code("""
    from good import ffi

    @ffi.def_extern()
    def good(x):
        return x + 1
""")
ffi.compile()
