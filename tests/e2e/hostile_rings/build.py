import cffi

ffi = cffi.FFI()
ffi.cdef("int twice(int x);")
ffi.embedding_api("""
    int add(int x, int y);
    int sum(const int *v /* [counted_by(n)] */, int n);
    int length(const char *s);
    typedef struct { unsigned char data[6000]; } big_t;
    int sum_big(big_t big);
    big_t make_big(int byte);
    int ask(int depth);
    int say(int size);
    int watch(const unsigned char *v /* [counted_by(n)] */, int n, int ms);
    void note(int x) /* [oneway] */;
""")
ffi.set_source("plugin", """
    typedef struct { unsigned char data[6000]; } big_t;

    int twice(int x)
    {
        return 2 * x;
    }
""")
ffi.embedding_init_code("""
    import sys
    import time
    from plugin import ffi, lib

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern()
    def sum(v, n):
        return __builtins__["sum"](v[i] for i in range(n)) if n else 0

    @ffi.def_extern()
    def length(s):
        return len(ffi.string(s))

    @ffi.def_extern()
    def sum_big(big):
        return __builtins__["sum"](big.data[i] for i in range(0, 6000, 100))

    @ffi.def_extern()
    def make_big(byte):
        big = ffi.new("big_t *")
        ffi.buffer(big)[:] = bytes([byte & 255]) * 6000
        return big[0]

    @ffi.def_extern(error=-1)
    def ask(depth):
        return lib.twice(depth)

    @ffi.def_extern()
    def say(size):
        print("x" * size)
        return size

    @ffi.def_extern()
    def watch(v, n, ms):
        # Reads what may change under it.
        end, seen = time.monotonic() + ms / 1000, 0
        while time.monotonic() < end:
            seen += __builtins__["sum"](ffi.buffer(v, n)[:]) + len(ffi.string(ffi.cast("char *", v), n))
        return n

    @ffi.def_extern()
    def note(x):
        sys.stdout.write("y" * x)
""")
ffi.compile()
