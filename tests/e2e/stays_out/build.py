import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); int python_pid(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    from plugin import ffi

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern()
    def python_pid():
        return os.getpid()
""")
ffi.compile()
