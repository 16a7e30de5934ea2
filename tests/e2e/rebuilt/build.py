import cffi

ffi = cffi.FFI()
ffi.embedding_api("int answer(int x);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def answer(x):
        return x + 1
""")
ffi.compile()
