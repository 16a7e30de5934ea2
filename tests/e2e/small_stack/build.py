import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); int length(const char *text);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def add(x, y):
        print("adding")
        return x + y

    @ffi.def_extern()
    def length(text):
        return len(ffi.string(text))
""")
ffi.compile()
