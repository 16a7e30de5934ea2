import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int replaced(int x);
    int kept(int x);
    int raises_again(int x);
    int bad_result(int x);
    int bad_replacement(int x);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    def replace(exception, value, traceback):
        print(exception.__name__, value, traceback.tb_frame.f_code.co_name if traceback else None)
        return 99

    def keep(exception, value, traceback):
        print(exception.__name__, value)

    def again(exception, value, traceback):
        raise RuntimeError("in onerror")

    def useless(exception, value, traceback):
        return "text"

    @ffi.def_extern(onerror=replace)
    def replaced(x):
        raise ValueError(x)

    @ffi.def_extern(error=-2, onerror=keep)
    def kept(x):
        raise ValueError(x)

    @ffi.def_extern(error=-3, onerror=again)
    def raises_again(x):
        raise ValueError(x)

    @ffi.def_extern(error=-4, onerror=replace)
    def bad_result(x):
        return "not a number"

    @ffi.def_extern(error=-5, onerror=useless)
    def bad_replacement(x):
        raise ValueError(x)
""")
ffi.compile()
