import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    typedef int (*f_t)(int);
    int keep(f_t f);
    f_t give(void);
    f_t same(f_t f);
    int are_same(f_t x, f_t y);
    f_t mine(void);
    int is_mine(f_t f);
    int is_in_set(f_t f);
    int own(int x);
    int is_own(f_t f);
""")
ffi.set_source("plugin", "typedef int (*f_t)(int);")
ffi.embedding_init_code("""
    from plugin import ffi, lib

    kept = None
    seen = set()

    @ffi.def_extern()
    def keep(f):
        global kept
        kept = f
        seen.add(f)
        return f(1)

    @ffi.def_extern()
    def give():
        return kept

    @ffi.def_extern()
    def same(f):
        return f

    @ffi.def_extern()
    def are_same(x, y):
        return x == y

    @ffi.callback("f_t")
    def double(x):
        return 2 * x

    @ffi.def_extern()
    def mine():
        return double

    @ffi.def_extern()
    def is_mine(f):
        return f == double

    @ffi.def_extern()
    def is_in_set(f):
        return f in seen

    @ffi.def_extern()
    def own(x):
        return x + 100

    @ffi.def_extern()
    def is_own(f):
        return f == lib.own
""")
ffi.compile()
