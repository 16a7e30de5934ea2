import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); int crash(int how); int linger(int ms);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import ctypes
    import os
    import sys
    import time
    from plugin import ffi

    def overflow():
        sys.setrecursionlimit(10 ** 9)
        nested = []
        for _ in range(10 ** 5):
            nested = [nested]
        repr(nested)

    ways = [lambda: ctypes.string_at(8), lambda: os.abort(), lambda: os._exit(3), lambda: ctypes.CDLL(None).exit(4), overflow]

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern(error=-11)
    def crash(how):
        ways[how]()
        return 0

    @ffi.def_extern(error=-12)
    def linger(ms):
        time.sleep(ms / 1000)
        return ms
""")
ffi.compile()
