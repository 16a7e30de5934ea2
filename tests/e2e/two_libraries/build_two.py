import cffi

ffi = cffi.FFI()
ffi.embedding_api("int two(int x); int two_pid(void); void greet(void); int one(int);")
ffi.set_source("two", "")
ffi.embedding_init_code("""
    import os
    from two import ffi

    @ffi.def_extern()
    def two(x):
        return x + 2

    @ffi.def_extern()
    def two_pid():
        return os.getpid()

    @ffi.def_extern()
    def greet():
        import one
        import shared_by_both
        print(shared_by_both.greeting, one.ffi is not None)
""")
ffi.compile()
