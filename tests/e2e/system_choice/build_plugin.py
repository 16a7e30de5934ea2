import cffi

ffi = cffi.FFI()
ffi.embedding_api("int plugin_user(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi
    import os

    @ffi.def_extern(error=-1)
    def plugin_user():
        return os.getuid()
""")
ffi.compile()
