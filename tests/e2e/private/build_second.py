import cffi

ffi = cffi.FFI()
ffi.embedding_api("int second_pid(void);")
ffi.set_source("second", "")
ffi.embedding_init_code("""
    import os
    from second import ffi

    @ffi.def_extern()
    def second_pid():
        return os.getpid()
""")
ffi.compile()
