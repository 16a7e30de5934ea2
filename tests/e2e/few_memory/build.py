import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int add(int x, int y);
    long total(const int *v /* [counted_by(n)] */, long n);
    void twice(int *v /* [inout, counted_by(n)] */, long n);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern(error=-1)
    def add(x, y):
        return x + y

    @ffi.def_extern(error=-1)
    def total(v, n):
        return v[0] + v[n - 1]

    @ffi.def_extern()
    def twice(v, n):
        v[n - 1] *= 2
""")
ffi.compile()
