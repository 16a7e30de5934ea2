import cffi

ffi = cffi.FFI()
ffi.embedding_api("int now(void); int later(void); int installed_version(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import early
    import package.inner
    import installed
    from plugin import ffi

    @ffi.def_extern()
    def now():
        return early.VALUE + package.inner.VALUE

    @ffi.def_extern()
    def later():
        import late
        return late.VALUE

    @ffi.def_extern()
    def installed_version():
        return installed.VALUE
""")
ffi.compile()
