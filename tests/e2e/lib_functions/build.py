import cffi

ffi = cffi.FFI()
ffi.cdef("""
    enum color { RED, GREEN = 7 };
    struct point { int x; double y; };
    struct big { long a[600]; };
    union either { int i; double d; };

    int nothing(void);
    void silent(int x);
    int one(int x);
    double two(int x, double y);
    signed char i8(signed char x);
    unsigned char u8(unsigned char x);
    short i16(short x);
    unsigned short u16(unsigned short x);
    unsigned int u32(unsigned int x);
    long long i64(long long x);
    unsigned long long u64(unsigned long long x);
    _Bool yes(_Bool x);
    char letter(char x);
    wchar_t wide(wchar_t x);
    float single(float x);
    long double extended(long double x);
    enum color paint(enum color c);
    struct point move(struct point p, int by);
    struct big reverse(struct big b);
    union either as_double(union either e);
    size_t length(const char *s);
    char *skip(char *s /* [string] */, int n);
    const char *greeting(void);
    double sum(const double *v /* [in, counted_by(n)] */, int n);
    void fill(int *v /* [out, counted_by(n)] */, int n);
    void double_all(int *v /* [inout, counted_by(n)] */, int n);
    int shift(struct point *p);
    int norm(const struct point *p);
    void *same(void *p);
    long eleven(int a, long b, char c, double d, float e, short f, unsigned g, long long h, _Bool i, int j, int k);
""")
ffi.embedding_api("int run(void); size_t caller_text(const char *s, double *v /* [inout, counted_by(n)] */, int n);")
ffi.set_source("plugin", r"""
    #include <ctype.h>
    #include <string.h>
    #include <wchar.h>

    enum color { RED, GREEN = 7 };
    struct point { int x; double y; };
    struct big { long a[600]; };
    union either { int i; double d; };

    static int nothing(void) { return 42; }
    static void silent(int x) { (void)x; }
    static int one(int x) { return x + 1; }
    static double two(int x, double y) { return x * y; }
    static signed char i8(signed char x) { return x; }
    static unsigned char u8(unsigned char x) { return x; }
    static short i16(short x) { return x; }
    static unsigned short u16(unsigned short x) { return x; }
    static unsigned int u32(unsigned int x) { return x; }
    static long long i64(long long x) { return x; }
    static unsigned long long u64(unsigned long long x) { return x; }
    static _Bool yes(_Bool x) { return !x; }
    static char letter(char x) { return (char)toupper(x); }
    static wchar_t wide(wchar_t x) { return x + 1; }
    static float single(float x) { return x / 2; }
    static long double extended(long double x) { return x * 2; }
    static enum color paint(enum color c) { return c == RED ? GREEN : RED; }
    static struct point move(struct point p, int by) { p.x += by; p.y -= by; return p; }
    static struct big reverse(struct big b)
    {
        struct big r;
        for (int i = 0; i < 600; i++)
            r.a[i] = b.a[599 - i];
        return r;
    }
    static union either as_double(union either e) { e.d = e.i + 0.5; return e; }
    static size_t length(const char *s) { return s ? strlen(s) : 999; }
    static char *skip(char *s, int n) { return s + n; }
    static const char *greeting(void) { return "hello from C"; }
    static double sum(const double *v, int n) { double s = 0; while (n-- > 0) s += *v++; return s; }
    static void fill(int *v, int n) { for (int i = 0; i < n; i++) v[i] = i * i; }
    static void double_all(int *v, int n) { for (int i = 0; i < n; i++) v[i] *= 2; }
    static int shift(struct point *p) { return p ? p->x++ : -1; }
    static int norm(const struct point *p) { return p ? p->x * p->x : -1; }
    static void *same(void *p) { return p; }
    static long eleven(int a, long b, char c, double d, float e, short f, unsigned g, long long h, _Bool i, int j, int k)
    {
        return a + b * 10 + c + (long)d + (long)e + f + (long)g + (long)h + i + j + k;
    }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    def refused(function, *arguments, **named):
        try:
            function(*arguments, **named)
        except (TypeError, ValueError, OverflowError, AttributeError) as error:
            print("%s: %s" % (type(error).__name__, error))
        else:
            print("not refused")

    def scalars():
        print(lib.nothing(), lib.silent(3), lib.one(41), lib.two(3, 2.5), lib.two(True, 2))
        print(lib.i8(-128), lib.u8(255), lib.i16(-32768), lib.u16(65535), lib.u32(2**32 - 1))
        print(lib.i64(-2**63), lib.u64(2**64 - 1), lib.yes(False), lib.yes(1), lib.letter(b"q"))
        print(lib.wide("a"), lib.single(0.5), float(lib.extended(1.25)), ffi.typeof(lib.extended(1.0)))
        print(lib.paint(lib.RED), lib.paint(7), lib.one(ffi.cast("int", 9)), lib.one(ffi.cast("short", -3)))
        print(lib.eleven(1, 2, b"\x03", 4.0, 5.0, 6, 7, 8, True, 10, 11))

    def structs():
        p = lib.move([3, 4.5], 2)
        print(p.x, p.y, ffi.typeof(p), lib.move({'x': 1}, 5).x, lib.move(p, 1).x)
        b = ffi.new("struct big *")
        b.a[0:600] = list(range(600))
        r = lib.reverse(b[0])
        print(r.a[0], r.a[599], sum(r.a), lib.as_double({'i': 3}).d)

    def pointers(s, v, n):
        print(lib.length(b"twelve bytes"), lib.length(ffi.NULL), lib.length(ffi.new("char[]", b"five5")))
        print(lib.length([b"a", b"b", b"\0"]), lib.length(ffi.from_buffer(bytearray(b"buffer\0 more"))), lib.length(s))
        text = ffi.new("char[]", b"skipped")
        print(ffi.string(lib.skip(text, 4)), ffi.string(lib.greeting()))
        print(ffi.string(lib.skip(ffi.cast("char *", s), 2)), lib.skip(ffi.cast("char *", s), 2) == s + 2)
        print(lib.sum([1, 2.5, 3], 3), lib.sum((4.0,), 1), lib.sum(v, n), lib.sum(ffi.new("double[2]", [7, 8]), 2))
        a = ffi.new("int[4]", [9, 9, 9, 9])
        lib.fill(a, 3)
        print(list(a))
        lib.double_all(a + 1, 3)
        print(list(a))
        m = ffi.from_buffer("int[]", bytearray(16))
        lib.fill(m, 4)
        lib.double_all(m, 2)
        print(list(m))
        q = ffi.new("struct point *", [6, 1])
        print(lib.shift(q), q.x, lib.shift(ffi.NULL), lib.norm([[4, 0]]), lib.norm(q), lib.shift([(8, 8)]))
        print(lib.same(ffi.NULL) == ffi.NULL, lib.same(q) == q, lib.same(ffi.cast("void *", 4711)))

    def errors():
        print(repr(lib.one).split(" at ")[0], lib.one.__name__, lib.one.__module__, lib.one.__qualname__)
        print(lib.two.__doc__)
        print(lib.greeting.__doc__.split("\n")[0], lib.nothing.__doc__.split("\n")[0])
        print(type(lib.one).__name__, lib.one is lib.one, ffi.typeof(lib.two))
        refused(lib.nothing, 1)
        refused(lib.one)
        refused(lib.one, 1, 2)
        refused(lib.one, x=1)
        refused(lib.two, 1)
        refused(lib.two, 1, y=2)
        refused(lib.one, "1")
        refused(lib.one, 1.5)
        refused(lib.one, None)
        refused(lib.one, 2**31)
        refused(lib.one, 2**70)
        refused(lib.i8, 128)
        refused(lib.u8, -1)
        refused(lib.u8, 256)
        refused(lib.i16, 40000)
        refused(lib.u16, 70000)
        refused(lib.u32, 2**32)
        refused(lib.u64, -1)
        refused(lib.yes, 2)
        refused(lib.letter, "a")
        refused(lib.letter, b"ab")
        refused(lib.wide, b"a")
        refused(lib.single, "a")
        refused(lib.paint, "RED")
        refused(lib.move, 4, 1)
        refused(lib.move, [1, 2, 3], 1)
        refused(lib.move, ffi.new("struct point *"), 1)
        refused(lib.length, "text")
        refused(lib.length, None)
        refused(lib.length, bytearray(b"x"))
        refused(lib.sum, ["a"], 1)
        refused(lib.sum, ffi.new("int[1]"), 1)
        refused(lib.fill, b"abcd", 1)
        refused(lib.shift, {'x': 1})
        refused(lib.shift, [7, 8])
        refused(lib.same, 5)
        refused(lib.same, [1])
        refused(getattr, lib, "nowhere")
        refused(setattr, lib, "one", 1)
        refused(delattr, lib, "one")

    @ffi.def_extern(error=-1)
    def run():
        scalars()
        structs()
        errors()
        return 7

    @ffi.def_extern(error=0)
    def caller_text(s, v, n):
        pointers(s, v, n)
        return lib.length(s)
""")
ffi.compile()
