import cffi

ffi = cffi.FFI()
ffi.embedding_api("void where(void) /* [oneway] */; int after(void);")
ffi.set_source("plain", "")
ffi.embedding_init_code("""
    import coil
    from plain import ffi

    @ffi.def_extern()
    def where():
        print("where", coil.cwd() == "/")

    @ffi.def_extern()
    def after():
        return 1
""")
ffi.compile()
