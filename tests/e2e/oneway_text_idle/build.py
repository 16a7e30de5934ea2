import cffi

ffi = cffi.FFI()
ffi.embedding_api("void lines(int count) /* [oneway] */; int started(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def lines(count):
        for i in range(count):
            print("line", i)

    @ffi.def_extern()
    def started():
        return 1
""")
ffi.compile()
