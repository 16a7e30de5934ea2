import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    typedef int (*f_t)(int);
    typedef struct { int x; double y; } pair_t;
    f_t raising(void);
    f_t raising_with_error(void);
    f_t raising_onerror(void);
    f_t wrong_result(void);
    f_t onerror_raises(void);
    void (*void_returns(void))(void);
    pair_t (*struct_error(void))(void);
    double (*float_error(void))(void);
    int bad_error(void);
""")
ffi.set_source("plugin", "typedef int (*f_t)(int); typedef struct { int x; double y; } pair_t;")
ffi.embedding_init_code(r"""
    from plugin import ffi

    def fail(*arguments):
        raise ValueError("no: %r" % (arguments,))

    def answer(exception, value, traceback):
        print("onerror", exception.__name__, value, traceback is not None)
        return -7

    callbacks = {
        "raising": ffi.callback("f_t", fail),
        "raising_with_error": ffi.callback("f_t", fail, error=-5),
        "raising_onerror": ffi.callback("f_t", fail, error=-5, onerror=answer),
        "wrong_result": ffi.callback("f_t", lambda x: "text", error=-6),
        "onerror_raises": ffi.callback("f_t", fail, -8, lambda *a: 1 / 0),
        "void_returns": ffi.callback("void(*)(void)", lambda: 3),
        "struct_error": ffi.callback("pair_t(*)(void)", fail, error=[1, 2.5]),
        "float_error": ffi.callback("double(*)(void)", fail, error=float("inf")),
    }
    for name in callbacks:
        ffi.def_extern(name)(lambda name=name: callbacks[name])

    @ffi.def_extern()
    def bad_error():
        for arguments in [("f_t", fail, "text"), ("f_t", 5), ("int", fail)]:
            try:
                ffi.callback(*arguments)
                print("accepted", arguments)
            except TypeError as error:
                print("TypeError")
        return 0
""")
ffi.compile()
