import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int fill(int *v /* [out, counted_by(cap), length(*n)] */, int cap, int *n /* [out] */, int wanted);
    int keep(char *v /* [inout, sized_by(cap), length(n)] */, int cap, int n);
    struct list { int cap; int used; short *items /* [out, counted_by(cap), length(used)] */; };
    int collect(struct list *lists /* [inout, counted_by(n)] */, int n);
""")
ffi.set_source("plugin", "struct list { int cap; int used; short *items; };")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def fill(v, cap, n, wanted):
        count = min(cap, wanted)
        for i in range(count):
            v[i] = i + 1
        n[0] = count
        return 1

    @ffi.def_extern()
    def keep(v, cap, n):
        for i in range(n):
            v[i] = b"X"
        return 2

    @ffi.def_extern()
    def collect(lists, n):
        for i in range(n):
            for k in range(i + 1):
                lists[i].items[k] = 10 * i + k
            lists[i].used = i + 1
        return 3
""")
ffi.compile()
