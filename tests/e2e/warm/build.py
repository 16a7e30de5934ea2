import cffi

ffi = cffi.FFI()
ffi.embedding_api("int count(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    print("init")
    calls = 0

    @ffi.def_extern()
    def count():
        global calls
        calls += 1
        return calls
""")
ffi.compile()
