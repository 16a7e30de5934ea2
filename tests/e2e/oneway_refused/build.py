import cffi

ffi = cffi.FFI()
ffi.embedding_api("void crash(void) /* [oneway] */; int add(int x, int y); int worker(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    from plugin import ffi

    @ffi.def_extern()
    def crash():
        os._exit(3)

    @ffi.def_extern(error=-1)
    def add(x, y):
        return x + y

    @ffi.def_extern(error=-1)
    def worker():
        return os.getpid()
""")
ffi.compile()
