import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct line { char *text; struct line *next; };
    struct page { int lines; struct line *first; char *title; const char *names[3]; };
    void fill(struct page *page, int lines);
    void touch(struct page *page);
    int many(struct page *page, int rounds);
    int reused(const char *p /* [opaque] */);
""")
ffi.set_source("plugin", """
    struct line { char *text; struct line *next; };
    struct page { int lines; struct line *first; char *title; const char *names[3]; };
""")
ffi.embedding_init_code("""
    from plugin import ffi

    # Nothing of what is stored is kept anywhere.
    @ffi.def_extern()
    def fill(page, lines):
        page.title = ffi.new("char[]", b"a page of %d" % lines)
        page.lines = lines
        page.first = ffi.NULL
        for i in range(lines):
            text = ffi.new("char[]", b"line %d" % i)
            page.first = ffi.new("struct line *", (text, page.first))
            del text
        for i in range(3):
            page.names[i] = ffi.new("char[]", b"name %d" % i)

    @ffi.def_extern()
    def touch(page):
        page.lines += 1000

    @ffi.def_extern()
    def many(page, count):
        for i in range(count):
            ffi.new("char[]", b"garbage %d" % i)
        page.title = ffi.new("char[]", b"after %d" % count)
        return count

    @ffi.def_extern()
    def reused(p):
        fresh = [ffi.new("char[]", b"fresh %d" % i) for i in range(2000)]
        return sum(int(ffi.cast("char *", f) == p) for f in fresh)
""")
ffi.compile()
