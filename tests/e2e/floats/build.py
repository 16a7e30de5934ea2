import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api)
ffi.set_source("plugin", api)
ffi.embedding_init_code(r"""
    from plugin import ffi

    @ffi.def_extern()
    def same_float(x):
        print("float", type(x).__name__, x)
        return x

    @ffi.def_extern()
    def same_double(x):
        print("double", type(x).__name__, x)
        return x

    @ffi.def_extern()
    def same_long_double(x):
        print("long double", ffi.typeof(x).cname, float(x))
        return x

    @ffi.def_extern()
    def scaled(x, power):
        return ffi.cast("long double", float(x) * 2.0 ** power)

    @ffi.def_extern()
    def mixed(a, b, c, d, e, f):
        print(a, b, c, float(d), e, f)
        return a + b + c + float(d) + ord(e) + f
""")
ffi.compile()
