import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); int again(int x); int named(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def add(x, y):
        return x + y

    original = add

    @ffi.def_extern()
    def again(x):
        if x:
            @ffi.def_extern(name="add", error=-9)
            def other_name(x, y):
                return x // y
        else:
            ffi.def_extern(name="add")(original)
        return x

    result = ffi.def_extern(name="named")(print)
    print(result is print)

    for wrong in (lambda: ffi.def_extern(name="no_such")(print), lambda: ffi.def_extern()(lambda: 0),
                  lambda: ffi.def_extern(name="add", error="text")(print)):
        try:
            wrong()
        except Exception as exception:
            print(type(exception).__name__, isinstance(exception, ffi.error))

    @ffi.def_extern()
    def named():
        return 5
""")
ffi.compile()
