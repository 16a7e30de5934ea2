import cffi

ffi = cffi.FFI()
ffi.embedding_api("int worker(void); int add(int x, int y); void grow(int mb); void *handle(void); int look(void *h /* [opaque] */);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    import helper
    from plugin import ffi

    kept = []

    @ffi.def_extern(error=-1)
    def worker():
        return os.getpid()

    @ffi.def_extern(error=-1)
    def add(x, y):
        return x + y

    @ffi.def_extern()
    def grow(mb):
        kept.append(bytearray(b"x" * (mb << 20)))

    @ffi.def_extern()
    def handle():
        kept.append(ffi.new_handle([7]))
        return kept[-1]

    @ffi.def_extern(error=-1)
    def look(h):
        return ffi.from_handle(h)[0]
""")
ffi.compile()
