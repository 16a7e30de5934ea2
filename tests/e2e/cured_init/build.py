import cffi

ffi = cffi.FFI()
ffi.embedding_api("int answer(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi
    import old_package
    import mine

    @ffi.def_extern(error=-1)
    def answer():
        return mine.VALUE + old_package.VALUE
""")
ffi.compile()
