import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); int inits(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import builtins
    from plugin import ffi

    builtins.plugin_inits = getattr(builtins, "plugin_inits", 0) + 1

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern()
    def inits():
        return builtins.plugin_inits
""")
ffi.compile()
