import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct point { int x; double y; };
    void keep(struct point p);
    double total(void);
""")
ffi.set_source("plugin", "struct point { int x; double y; };")
ffi.embedding_init_code("""
    from plugin import ffi

    points = []

    @ffi.def_extern()
    def keep(p):
        # By-value arguments are Python's own copies: they stay what they are.
        points.append(p)

    @ffi.def_extern()
    def total():
        result = sum(p.x + p.y for p in points)
        points.clear()
        return result
""")
ffi.compile()
