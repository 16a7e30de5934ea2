import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); void lines(int n);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    import time
    from plugin import ffi

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern()
    def lines(n):
        for i in range(n):
            print(i)
""")
ffi.compile()
