import cffi

ffi = cffi.FFI()
ffi.embedding_api("void where(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    import sys
    from plugin import ffi

    @ffi.def_extern()
    def where():
        print(os.path.basename(sys.prefix), sys.prefix != sys.base_prefix)
        try:
            import only_in_the_venv
            print(only_in_the_venv.VALUE)
        except ImportError:
            print("no such module")
""")
ffi.compile()
