import cffi

ffi = cffi.FFI()
ffi.embedding_api("int answer(int x); int worker(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    import helper
    from plugin import ffi

    @ffi.def_extern()
    def answer(x):
        return helper.answer(x)

    @ffi.def_extern()
    def worker():
        return os.getpid()
""")
ffi.compile()
