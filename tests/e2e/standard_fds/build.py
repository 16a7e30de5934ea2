import cffi

ffi = cffi.FFI()
ffi.embedding_api("int say(const char *text);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import sys
    from plugin import ffi

    @ffi.def_extern(error=-1)
    def say(text):
        print(ffi.string(text).decode())
        print(ffi.string(text).decode(), file=sys.stderr)
        return 1
""")
ffi.compile()
