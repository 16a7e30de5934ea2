import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    float _Complex conjugate_float(float _Complex x);
    double _Complex conjugate_double(double _Complex x);
    double _Complex product(double _Complex x, int n, float _Complex y);
""")
ffi.set_source("plugin", "#include <complex.h>")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def conjugate_float(x):
        print(type(x).__name__, x)
        return x.conjugate()

    @ffi.def_extern()
    def conjugate_double(x):
        print(type(x).__name__, x)
        return x.conjugate()

    @ffi.def_extern()
    def product(x, n, y):
        return x * n * y
""")
ffi.compile()
