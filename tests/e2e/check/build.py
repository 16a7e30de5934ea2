import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct node { struct node *next; int value; };
    int keep(int *v /* [inout, counted_by(n)] */, int n);
    int use_kept(int at);
    int sum(const struct node *list);
    int plain(int x);
    int big(unsigned char *data /* [inout, counted_by(n)] */, int n);
""")
ffi.set_source("plugin", "struct node { struct node *next; int value; };")
ffi.embedding_init_code("""
    from plugin import ffi

    kept = []

    @ffi.def_extern(error=-1)
    def keep(v, n):
        v[0] += 1
        kept[:] = [v]
        return v[0]

    @ffi.def_extern(error=-2)
    def use_kept(at):
        return kept[0][at]

    @ffi.def_extern(error=-3)
    def sum(list):
        total = 0
        while list:
            total += list.value
            list = list.next
        return total

    @ffi.def_extern(error=-4)
    def plain(x):
        return x + 1

    @ffi.def_extern(error=-5)
    def big(data, n):
        data[n - 1] = (data[n - 1] + 1) % 256
        return data[0]
""")
ffi.compile()
