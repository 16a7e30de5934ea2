import cffi

ffi = cffi.FFI()
ffi.cdef("""
    struct pair { int *left; int right; };
    int unclear(int *p, int count);
    double *table(void);
    int *counters_of(int which) /* [counted_by(3)] */;
    void *cookie(void);
    int read_pair(struct pair *p);
    int use_cookie(void *c);
    int keep(struct pair *p);
    extern int *loose;
    extern int *tight /* [counted_by(3)] */;
    extern int endless[];
""")
ffi.embedding_api("int run(int *own /* [inout, counted_by(n)] */, int n);")
ffi.set_source("plugin", r"""
    struct pair { int *left; int right; };
    static int numbers[3] = { 4, 5, 6 };
    static int *loose = numbers, *tight = numbers;
    static int endless[3] = { 7, 8, 9 };
    static int unclear(int *p, int count) { int s = 0; while (count-- > 0) s += *p++; return s; }
    static double *table(void) { static double d = 0.5; return &d; }
    static int *counters_of(int which) { numbers[0] += which; return numbers; }
    static void *cookie(void) { return numbers; }
    static int use_cookie(void *c) { return c == numbers; }
    static int read_pair(struct pair *p) { return *p->left + p->right; }
    static int keep(struct pair *p) { return p->left == numbers; }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    def refused(function, *arguments):
        try:
            print("not refused:", function(*arguments))
        except ValueError as error:
            print("ValueError:", error)

    @ffi.def_extern(error=-1)
    def run(own, n):
        mine = ffi.from_buffer("int[]", bytearray(12))
        print(lib.unclear(own, n), lib.unclear(ffi.new("int[2]", [10, 20]), 2), lib.unclear([1, 2, 3], 3))
        print(lib.unclear(ffi.NULL, 0), lib.use_cookie(lib.cookie()), lib.use_cookie(ffi.NULL))
        print(list(lib.counters_of(2)[0:3]), list(lib.tight[0:3]))
        refused(lib.unclear, mine, 3)
        refused(lib.use_cookie, mine)
        refused(lib.use_cookie, b"bytes")
        refused(lib.table)
        refused(getattr, lib, "loose")
        lib.loose = ffi.NULL
        print(lib.loose)
        lib.loose = kept = ffi.new("int[2]", [40, 41])
        print(lib.loose[1], lib.loose == kept)
        refused(getattr, lib, "endless")
        refused(setattr, lib, "tight", mine)
        shared = ffi.new("struct pair *", {'left': mine, 'right': 1})
        refused(lib.read_pair, shared)
        refused(lib.read_pair, ffi.cast("struct pair *", ffi.from_buffer(ffi.buffer(shared)[:])))
        good = ffi.new("int *", 30)
        shared.left = good
        print(lib.read_pair(shared))
        shared.left = ffi.cast("int *", lib.cookie())
        print(lib.keep(shared))
        return 0
""")
ffi.compile()
