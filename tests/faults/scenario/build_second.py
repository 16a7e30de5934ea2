import cffi

ffi = cffi.FFI()
ffi.embedding_api("int negate(int a) /* [error(-1)] */;")
ffi.set_source("second", "")
ffi.embedding_init_code("""
    from second import ffi

    @ffi.def_extern(error=-1)
    def negate(a):
        return -a
""")
ffi.compile()
