import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct point { int x, y; };
    int text(void);
    signed char large(int x);
    unsigned int negative(void);
    void something(void);
    double real(void);
    struct point fields(void);
    _Bool truth(int x);
    char letter(int x);
    void *address(void);
""")
ffi.set_source("plugin", "struct point { int x, y; };")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern(error=-1)
    def text():
        return "text"

    @ffi.def_extern(error=-2)
    def large(x):
        return x

    @ffi.def_extern(error=3)
    def negative():
        return -1

    @ffi.def_extern()
    def something():
        return 42

    @ffi.def_extern(error=0.5)
    def real():
        return None

    @ffi.def_extern(error=[7, 8])
    def fields():
        return {"z": 1}

    @ffi.def_extern(error=True)
    def truth(x):
        return x

    @ffi.def_extern(error=b"e")
    def letter(x):
        return b"x" * x

    @ffi.def_extern(error=ffi.cast("void *", 8))
    def address():
        return 1000
""")
ffi.compile()
