import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    enum color { RED, GREEN = 5 };
    struct point { int x; double y; short weights[3]; };
    union number { int i; float f; };
    typedef struct opaque_s opaque_t;
    struct point move(struct point p, enum color c);
    int look(const struct point *p, const char *text, int values[4]);
    opaque_t *same(opaque_t *p, void *q);
    _Bool flag(void);
    unsigned char small(signed char a, long double b);
    void nothing(void);
""")
ffi.set_source("plugin", """
    enum color { RED, GREEN = 5 };
    struct point { int x; double y; short weights[3]; };
    union number { int i; float f; };
    typedef struct opaque_s opaque_t;
""")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def move(p, c):
        p.x += c
        return p

    @ffi.def_extern()
    def look(p, text, values):
        return p.x + len(ffi.string(text)) + values[3]

    @ffi.def_extern()
    def same(p, q):
        return p

    @ffi.def_extern()
    def flag():
        return True

    @ffi.def_extern()
    def small(a, b):
        return int(a + float(b))

    @ffi.def_extern()
    def nothing():
        pass
""")
ffi.emit_c_code("plugin.c")
