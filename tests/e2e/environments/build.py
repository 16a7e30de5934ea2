import cffi

ffi = cffi.FFI()
ffi.embedding_api("int worker(void); int value(void); int prefix(char *text /* [out, counted_by(cap)] */, int cap);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    import sys
    from plugin import ffi

    try:
        import settings
        found = settings.VALUE
    except ImportError:
        found = 0

    @ffi.def_extern(error=-1)
    def worker():
        return os.getpid()

    @ffi.def_extern(error=-1)
    def value():
        return found * 10 + 1

    @ffi.def_extern(error=-1)
    def prefix(text, cap):
        data = os.path.basename(sys.prefix).encode()
        text[0:len(data)] = data
        return len(data)
""")
ffi.compile()
