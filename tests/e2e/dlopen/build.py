import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); double root(double x);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import array  # extension modules must find Python, however the stub was loaded
    import _ctypes
    import math
    import zlib
    from plugin import ffi

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern()
    def root(x):
        return math.sqrt(x)
""")
ffi.compile()
