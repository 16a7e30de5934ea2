import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    void text(const char *a, const char *b) /* [oneway] */;
    void bytes(const unsigned char *data, size_t n) /* [oneway] */;
    void numbers(int n, const double *v /* [in, counted_by(n * 2)] */, const char *name) /* [oneway] */;
    void address(void *p) /* [oneway] */;
    int done(void);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    def show(s):
        if s == ffi.NULL:
            return "NULL"
        s = ffi.string(s)
        return repr(s) if len(s) < 40 else "%d bytes, %r" % (len(s), s[-3:])

    @ffi.def_extern()
    def text(a, b):
        print("text", show(a), show(b))

    @ffi.def_extern()
    def bytes(data, n):
        print("bytes", n, "NULL" if data == ffi.NULL else sum(ffi.buffer(data, n)[:]) if n else "none")

    @ffi.def_extern()
    def numbers(n, v, name):
        print("numbers", n, sum(v[0:2 * n]) if n else "none", show(name))

    @ffi.def_extern()
    def address(p):
        print("address", int(ffi.cast("uintptr_t", p)) & 0xffff)

    @ffi.def_extern()
    def done():
        return 1
""")
ffi.compile()
