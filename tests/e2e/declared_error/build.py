import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    enum state { LOST = 7, FOUND = 9 };
    int number(int x) /* [error(-1)] */;
    int replaced(int x) /* [error(-1)] */;
    unsigned char letter(void) /* [error('?')] */;
    int64_t wide(void) /* [error(-5000000000)] */;
    float ratio(void) /* [error(-1.5)] */;
    double price(void) /* [error(NAN)] */;
    long double exact(void) /* [error(0.25)] */;
    _Bool truth(void) /* [error(1)] */;
    enum state state(void) /* [error(FOUND)] */;
    int missing(void) /* [error(-3)] */;
    int broken(int x) /* [error(-8)] */;
""")
ffi.set_source("plugin", "enum state { LOST = 7, FOUND = 9 };")
ffi.embedding_init_code("""
    import os
    from plugin import ffi

    def fail(*arguments):
        raise ValueError("failed")

    for name in "number letter wide ratio price exact truth state".split():
        ffi.def_extern(name=name)(fail)
    ffi.def_extern(name="replaced", error=-2)(fail)

    @ffi.def_extern()
    def broken(x):
        os._exit(1)
""")
ffi.compile()
