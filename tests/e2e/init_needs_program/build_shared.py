import cffi

ffi = cffi.FFI()
ffi.embedding_api("int shared(void);")
ffi.set_source("other", "")
ffi.embedding_init_code("""
    from other import ffi
    calls = 0

    @ffi.def_extern()
    def shared():
        global calls
        calls += 1
        return calls
""")
ffi.compile()
