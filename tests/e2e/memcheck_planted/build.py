import cffi

ffi = cffi.FFI()
ffi.embedding_api("int length(const char *text);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern(error=-1)
    def length(text):
        return len(ffi.string(text))
""")
ffi.compile()
