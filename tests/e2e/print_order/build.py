import cffi

ffi = cffi.FFI()
ffi.embedding_api("void python_says(int n);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import sys
    from plugin import ffi

    @ffi.def_extern()
    def python_says(n):
        print("python", n)
        sys.stdout.write("and ")
        sys.stdout.write("more\\n")
        if n % 100 == 0:
            print("python error", n, file=sys.stderr)
""")
ffi.compile()
