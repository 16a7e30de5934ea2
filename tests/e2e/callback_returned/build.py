import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    typedef int (*binary_t)(int, int);
    binary_t adder(int by);
    void *(*starter(void))(void *);
    long (*echo(void))(long, char, double, float);
    double (*by_decorator(void))(double);
    int (*errno_of(void))(int);
""")
ffi.set_source("plugin", "typedef int (*binary_t)(int, int);")
ffi.embedding_init_code("""
    from plugin import ffi
    import errno, threading

    kept = {}

    @ffi.def_extern()
    def adder(by):
        def f(x, y):
            print("adding", x, y, by)
            return x + y + by
        kept[by] = ffi.callback("int(int, int)", f)
        return kept[by]

    @ffi.callback("void *(void *)")
    def start(argument):
        print("in a thread of C's")
        return argument + 1

    @ffi.def_extern()
    def starter():
        return start

    kept_echo = ffi.callback("long(long, char, double, float)", lambda a, b, c, d: a + ord(b) + int(c * 4) + int(d * 8))

    @ffi.def_extern()
    def echo():
        return kept_echo

    @ffi.callback("double(double)")
    def half(x):
        return x / 2

    @ffi.def_extern()
    def by_decorator():
        print(half(5.0))                # Python's own call
        return half

    @ffi.callback("int(int)")
    def swap_errno(value):
        before, ffi.errno = ffi.errno, value
        return before

    @ffi.def_extern()
    def errno_of():
        return swap_errno
""")
ffi.compile()
