import cffi

ffi = cffi.FFI()
ffi.embedding_api("int other_user(void);")
ffi.set_source("other", "")
ffi.embedding_init_code("""
    from other import ffi
    import os

    @ffi.def_extern(error=-1)
    def other_user():
        return os.getuid()
""")
ffi.compile()
