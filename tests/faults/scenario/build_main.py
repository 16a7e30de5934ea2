import cffi

ffi = cffi.FFI()
ffi.cdef("""
    int twice(int x);
    int nest_in_c(int depth);
    extern int counter;
""")
ffi.embedding_api("""
    typedef int (*unary_t)(int);
    int add(int a, int b) /* [error(-1)] */;
    int often(int a) /* [idempotent, error(-1)] */;
    int length(const char *s) /* [error(-1)] */;
    int fill(int *v /* [out, counted_by(n)] */, int n) /* [error(-1)] */;
    int big(const unsigned char *data /* [sized_by(size)] */, int size) /* [error(-1)] */;
    int apply(unary_t f, int x) /* [error(-1)] */;
    int through_lib(int x) /* [error(-1)] */;
    int nest(int depth) /* [error(-1)] */;
    unary_t multiplier(int by);
    double sum(const double *v /* [counted_by(n)] */, int n) /* [error(-1.0)] */;
    int say(int x) /* [error(-1)] */;
    void note(int x) /* [oneway] */;
    void note_loudly(int x, const char *why) /* [oneway] */;
    int noted(void) /* [error(-1)] */;
    int later(int x) /* [error(-1)] */;
    int die(void) /* [error(-1)] */;
    int tardy(void) /* [timeout(100), error(-1)] */;
""")
ffi.set_source("faulty", """
    typedef int (*unary_t)(int);
    int counter;
    extern int nest(int depth);
    static int twice(int x) { return 2 * x; }
    static int nest_in_c(int depth) { return depth <= 0 ? 0 : 1 + nest(depth - 1); }
""")
ffi.embedding_init_code("""
    import builtins, os, signal, sys, threading, time
    from faulty import ffi, lib
    import coil

    print("init", file=sys.stderr)
    multipliers = {}

    def append(x):
        with open(os.environ["PYTHONNOTES"], "ab", buffering=0) as file:
            file.write(b"%d\\n" % x)

    @ffi.def_extern(error=-1)
    def add(a, b):
        return a + b

    @ffi.def_extern(error=-1)
    def often(a):
        return a + 1

    @ffi.def_extern(error=-1)
    def length(s):
        return len(ffi.string(s))

    @ffi.def_extern(error=-1)
    def fill(v, n):
        for i in range(n):
            v[i] = i * 3
        return n

    @ffi.def_extern(error=-1)
    def big(data, size):
        return len(ffi.buffer(data, size)[:]) // 1000

    @ffi.def_extern(error=-1)
    def apply(f, x):
        return f(x) + f(x + 1)

    @ffi.def_extern(error=-1)
    def through_lib(x):
        lib.counter = x
        return lib.twice(x) + lib.counter

    @ffi.def_extern(error=-1)
    def nest(depth):
        return 0 if depth <= 0 else 1 + lib.nest_in_c(depth - 1)

    @ffi.def_extern()
    def multiplier(by):
        multipliers[by] = ffi.callback("int(int)", lambda x: x * by, error=-1)
        return multipliers[by]

    @ffi.def_extern(error=-1.0)
    def sum(v, n):
        return builtins.sum(v[0:n])

    @ffi.def_extern(error=-1)
    def say(x):
        print("said", x)
        return x

    @ffi.def_extern()
    def note(x):
        if x < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        append(x)

    @ffi.def_extern()
    def note_loudly(x, why):
        append(x)
        print("noted", x, ffi.string(why).decode())

    @ffi.def_extern(error=-1)
    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    @ffi.def_extern(error=-1)
    def tardy():
        while True:
            time.sleep(0.01)

    @ffi.def_extern(error=-1)
    def noted():
        return 1

    @ffi.def_extern(error=-1)
    def later(x):
        session = coil.current()
        session.on_close(lambda: None)
        results = []

        def work():
            with session:
                results.append(lib.twice(x))
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return results[0] if results else -1
""")
ffi.compile()
