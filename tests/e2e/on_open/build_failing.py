import cffi

ffi = cffi.FFI()
ffi.embedding_api("int failing(void);")
ffi.set_source("other", "")
ffi.embedding_init_code("""
    import coil
    from other import ffi

    @ffi.def_extern(error=-3)
    def failing():
        return 1

    @coil.on_open
    def refuse():
        if coil.environ()["NAME"] == "bad":
            raise ValueError("not you")
""")
ffi.compile()
