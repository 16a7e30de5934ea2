import cffi

ffi = cffi.FFI()
ffi.cdef("""
    #define HALF 3
    enum { EXTRA = 2 };
    struct item { int key; double weight; };
""")
ffi.embedding_api("""
    struct grid {
        short w, h;
        int *cells; /* [inout, counted_by(w * h)] */
        const int *edge; /* [in, counted_by(2 * (w + h) - 4)] */
    };

    int odd(const int *v /* [in, counted_by(2 * n + 1)] */, int n);
    int constants(const int *v /* [in, counted_by(HALF * 2 + EXTRA)] */);
    int records(void *v /* [inout, sized_by(n * sizeof(struct item))] */, unsigned char n);
    int mixed(const signed char *v /* [in, counted_by(-a + b * (c - 1) / 2)] */, int a, unsigned int b, long c);
    int behind(const int *v /* [in, counted_by(*n + *m)] */, const short *n /* [in] */, int *m /* [inout] */);
    int fill(struct grid *grid);
    int shrinks(int *v /* [inout, counted_by(*n)] */, int *n /* [inout] */);
    int *table(int n) /* [counted_by(n * n)] */;
""")
ffi.set_source("plugin", """
    #define HALF 3
    enum { EXTRA = 2 };
    struct item { int key; double weight; };
    struct grid { short w, h; int *cells; const int *edge; };
""")
ffi.embedding_init_code("""
    from plugin import ffi, lib

    kept = []

    @ffi.def_extern()
    def odd(v, n):
        return sum(v[0:2 * n + 1])

    @ffi.def_extern()
    def constants(v):
        return sum(v[0:8])

    @ffi.def_extern()
    def records(v, n):
        items = ffi.cast("struct item *", v)
        for i in range(n):
            items[i].weight *= 2
        return sum(items[i].key for i in range(n))

    @ffi.def_extern()
    def mixed(v, a, b, c):
        return sum(v[0:-a + b * (c - 1) // 2])

    @ffi.def_extern()
    def behind(v, n, m):
        m[0] += n[0]
        return sum(v[0:m[0]])

    @ffi.def_extern()
    def fill(grid):
        edge = iter(grid.edge[0:2 * (grid.w + grid.h) - 4])
        for y in range(grid.h):
            for x in range(grid.w):
                if x in (0, grid.w - 1) or y in (0, grid.h - 1):
                    grid.cells[y * grid.w + x] = next(edge)
        return sum(grid.cells[0:grid.w * grid.h])

    @ffi.def_extern()
    def shrinks(v, n):
        count = n[0]
        n[0] = 1                        # the length was said before the call: all of it comes back
        for i in range(count):
            v[i] += 100
        return count

    @ffi.def_extern()
    def table(n):
        kept.append(ffi.new("int[]", [i * i for i in range(n * n)]))
        return kept[-1]
""")
ffi.compile()
