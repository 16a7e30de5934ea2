import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int look(const char *a /* [counted_by(n)] */, char *b /* [out, counted_by(n)] */,
             const int *c /* [counted_by(n / 4)] */, long long n);
    int first(const char *a /* [counted_by(n)] */, long long n);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern(error=-9)
    def look(a, b, c, n):
        return n

    @ffi.def_extern(error=-8)
    def first(a, n):
        return a[0][0] + a[n - 1][0]
""")
ffi.compile()
