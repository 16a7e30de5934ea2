import cffi

ffi = cffi.FFI()
ffi.cdef("""
    typedef int (*compare_t)(const void *a /* [in, sized_by(8)] */, const void *b /* [in, sized_by(8)] */);
    void qsort(void *base /* [inout, sized_by(n * size)] */, size_t n, size_t size, compare_t compare);
    void *bsearch(const void *key /* [in, sized_by(size)] */, const void *base /* [in, sized_by(n * size)] */, size_t n, size_t size,
                  compare_t compare);
""")
ffi.embedding_api("""
    void sort_doubles(double *v /* [inout, counted_by(n)] */, int n);
    int sort_in_python(void);
""")
ffi.set_source("plugin", "#include <stdlib.h>\ntypedef int (*compare_t)(const void *, const void *);")
ffi.embedding_init_code("""
    from plugin import ffi, lib

    @ffi.callback("compare_t")
    def compare(a, b):
        x, y = ffi.cast("const double *", a)[0], ffi.cast("const double *", b)[0]
        return (x > y) - (x < y)

    @ffi.def_extern()
    def sort_doubles(v, n):
        lib.qsort(v, n, 8, compare)

    @ffi.def_extern()
    def sort_in_python():
        v = ffi.new("double[]", [3, 1, 2])
        lib.qsort(v, 3, 8, compare)
        print(list(v))
        found = lib.bsearch(ffi.new("double *", 2), v, 3, 8, compare)
        print(ffi.cast("double *", found) - v)
        # dropped as soon as the call has returned
        lib.qsort(v, 3, 8, ffi.callback("compare_t", lambda a, b: -compare(a, b)))
        print(list(v))
        return 0
""")
ffi.compile()
