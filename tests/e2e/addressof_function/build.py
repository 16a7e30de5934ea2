import cffi

ffi = cffi.FFI()
ffi.cdef("""
    int inc(int x);
    double scale(double x, float by);
    typedef int (*int_fn)(int);
    int is_inc(int_fn f);
    int apply(int_fn f, int x);
    extern int_fn chosen;
""")
ffi.embedding_api("""
    int run(void);
    int_fn which(int i);
""")
ffi.set_source("plugin", r"""
    typedef int (*int_fn)(int);
    CFFI_DLLEXPORT int inc(int x);
    CFFI_DLLEXPORT int_fn chosen;
    int_fn chosen;
    CFFI_DLLEXPORT int inc(int x) { return x + 1; }
    static double scale(double x, float by) { return x * (double)by; }
    static int is_inc(int_fn f) { return f == inc; }
    static int apply(int_fn f, int x) { return f(x); }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    @ffi.def_extern(error=-1)
    def run():
        inc = ffi.addressof(lib, "inc")
        scale = ffi.addressof(lib, "scale")
        print(ffi.typeof(inc).cname, ffi.typeof(scale).cname, ffi.typeof(lib.inc).cname)
        print(inc(4), scale(3, 0.5))
        print(inc == ffi.addressof(lib, "inc"), inc != ffi.NULL)
        print(lib.is_inc(inc), lib.apply(inc, 10))
        lib.chosen = inc
        print(lib.chosen(1), lib.is_inc(lib.chosen))
        p = ffi.new("int_fn *", inc)
        print(p[0](2))
        try:
            ffi.addressof(lib, "nothing")
        except AttributeError as error:
            print(error)
        return 0

    @ffi.def_extern()
    def which(i):
        return ffi.addressof(lib, "inc") if i else ffi.NULL
""")
ffi.compile()
