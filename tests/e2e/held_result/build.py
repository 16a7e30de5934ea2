import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct link { struct link *next; int value; };
    char *text(int n);
    struct link *push(struct link *list /* [in] */, int value);
    char *other(int n);
    int alive(void);
    int reused(const char *p /* [opaque] */);
""")
ffi.set_source("plugin", "struct link { struct link *next; int value; };")
ffi.embedding_init_code("""
    import weakref
    from plugin import ffi

    results = weakref.WeakSet()

    def result(cdata):
        results.add(cdata)
        return cdata

    # None of these keeps what it returns.
    @ffi.def_extern()
    def text(n):
        return result(ffi.new("char[]", b"text %d" % n))

    @ffi.def_extern()
    def other(n):
        return result(ffi.new("char[]", b"other %d" % n))

    @ffi.def_extern()
    def push(list, value):
        return result(ffi.new("struct link *", (list, value)))

    @ffi.def_extern()
    def alive():
        return len(results)

    @ffi.def_extern()
    def reused(p):
        fresh = [ffi.new("char[]", b"fresh %d" % i) for i in range(2000)]
        return sum(int(ffi.cast("char *", f) == p) for f in fresh)
""")
ffi.compile()
