import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct line { char *text; struct line *next; };
    struct line *lines(int n);
    const char *name(void);
    int length(const struct line *first /* [in] */);
    char *upper(const char *text);
    int python_pid(void);
""")
ffi.set_source("plugin", "struct line { char *text; struct line *next; };")
ffi.embedding_init_code("""
    import os
    from plugin import ffi

    kept = []

    def keep(*arguments):
        kept.append(ffi.new(*arguments))
        return kept[-1]

    @ffi.def_extern()
    def lines(n):
        first = ffi.NULL
        for i in range(n):
            first = keep("struct line *", (keep("char[]", b"line %d of %d" % (i, n)), first))
        return first

    @ffi.def_extern()
    def name():
        return keep("char[]", b"Python")

    @ffi.def_extern()
    def length(first):
        n = 0
        while first != ffi.NULL:
            n += len(ffi.string(first.text))
            first = first.next
        return n

    @ffi.def_extern()
    def upper(text):
        return keep("char[]", ffi.string(text).upper())

    @ffi.def_extern()
    def python_pid():
        return os.getpid()
""")
ffi.compile()
