import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int add(int x, int y);
    int sum(const unsigned char *v /* [counted_by(n)] */, int n, int ms);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import time
    from plugin import ffi

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern()
    def sum(v, n, ms):
        # Again and again, for as long as it is told.
        end = time.monotonic() + ms / 1000
        while True:
            total = __builtins__["sum"](ffi.buffer(v, n)[:])
            if time.monotonic() >= end:
                return total
""")
ffi.compile()
