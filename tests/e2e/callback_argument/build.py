import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct pair { long a; double b; };
    typedef int (*visit_t)(int value, void *context);
    typedef struct pair (*combine_t)(struct pair x, char c, float f, unsigned char *same /* [inout] */);

    void each(visit_t visit, void *context /* [opaque] */, int n);
    int apply(int (*f)(int), int x);
    struct pair twice(combine_t combine, struct pair start);
    int null_is_null(int (*f)(int));
    long double wide(long double (*f)(long double));
    void nothing(void (*f)(void));
""")
ffi.set_source("plugin", """
    struct pair { long a; double b; };
    typedef int (*visit_t)(int value, void *context);
    typedef struct pair (*combine_t)(struct pair x, char c, float f, unsigned char *same);
""")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def each(visit, context, n):
        print("visiting", n, ffi.typeof(visit).cname)
        for i in range(n):
            if visit(i, context):
                break

    @ffi.def_extern()
    def apply(f, x):
        return f(f(x))

    @ffi.def_extern()
    def twice(combine, start):
        same = ffi.new("unsigned char *", 5)
        once = combine(start, b"x", 0.5, same)
        print("same", same[0])
        return combine(once, b"y", 1.5, same)

    @ffi.def_extern()
    def null_is_null(f):
        return f == ffi.NULL

    @ffi.def_extern()
    def wide(f):
        return f(f(ffi.cast("long double", 1.25)))

    @ffi.def_extern()
    def nothing(f):
        print("result", f())
""")
ffi.compile()
