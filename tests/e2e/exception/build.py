import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct point { int x, y; };
    int divide(int x, int y);
    int with_error(int x);
    struct point struct_error(int x);
    void nothing(int x);
    int leave(int x);
    int deep(int x);
    const void *pointer_error(void);
""")
ffi.set_source("plugin", "struct point { int x, y; };")
ffi.embedding_init_code("""
    import sys
    from plugin import ffi

    @ffi.def_extern()
    def divide(x, y):
        return x // y

    @ffi.def_extern(error=-1)
    def with_error(x):
        raise ValueError("no %d" % x)

    @ffi.def_extern(error={"x": 3, "y": 4})
    def struct_error(x):
        return {"x": 1 // x, "y": 0}

    @ffi.def_extern()
    def nothing(x):
        raise KeyError(x)

    @ffi.def_extern(error=5)
    def leave(x):
        sys.exit(x)

    @ffi.def_extern(error=6)
    def deep(x):
        return deep(x)

    @ffi.def_extern(error=ffi.cast("void *", 1234))
    def pointer_error():
        raise StopIteration
""")
ffi.compile()
