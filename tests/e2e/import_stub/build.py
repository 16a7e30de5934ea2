import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y);\n#define LIMIT 42\n")
ffi.set_source("plugin", "#define LIMIT 42\n")
ffi.embedding_init_code("""
    from plugin import ffi

    print("init")

    @ffi.def_extern()
    def add(x, y):
        return x + y
""")
ffi.compile()
