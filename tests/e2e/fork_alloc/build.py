import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    void fill(int *v /* [inout, counted_by(n)] */, int n, int x);
    int total(const int *v /* [counted_by(n)] */, int n);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def fill(v, n, x):
        for i in range(n):
            v[i] = x

    @ffi.def_extern()
    def total(v, n):
        return sum(v[0:n])
""")
ffi.compile()
