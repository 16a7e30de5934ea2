import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); double half(double x);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    def prepare():
        import no_such_module_anywhere

    prepare()

    @ffi.def_extern(error=-1)
    def add(x, y):
        return x + y
""")
ffi.compile()
