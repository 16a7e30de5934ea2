import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct line { char *text; int step; };
    char *skip(char *s);
    const char *find(const char *s, int c);
    int *behind(int *v /* [inout, counted_by(n)] */, int n);
    int *item(int *v /* [inout, counted_by(n)] */, int n, int at);
    struct line rest(struct line l);
    void advance(struct line *l);
    struct line *itself(struct line *l);
    int *member(struct line *l);
    void *opaque(void *p);
""")
ffi.set_source("plugin", "struct line { char *text; int step; };")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def skip(s):
        return s + 2

    @ffi.def_extern()
    def find(s, c):
        at = ffi.string(s).find(bytes([c]))
        return s + at if at >= 0 else ffi.NULL

    @ffi.def_extern()
    def behind(v, n):
        return v + n

    @ffi.def_extern()
    def item(v, n, at):
        return ffi.addressof(v, at)

    @ffi.def_extern()
    def rest(l):
        l.text += 1
        return l[0] if ffi.typeof(l).kind == "pointer" else l

    @ffi.def_extern()
    def advance(l):
        l.text = l.text + l.step

    @ffi.def_extern()
    def itself(l):
        return l

    @ffi.def_extern()
    def member(l):
        return ffi.addressof(l, "step")

    @ffi.def_extern()
    def opaque(p):
        return p
""")
ffi.compile()
