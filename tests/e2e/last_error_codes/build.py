import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int fail(void);
    int missing(void);
    int die(void);
    int add(int x, int y);
    int take(const int *v /* [counted_by(n)] */, int n);
    struct node { const struct node *next; int value; };
    int sum(const struct node *first);
""")
ffi.set_source("plugin", "struct node { const struct node *next; int value; };")
ffi.embedding_init_code("""
    import os
    from plugin import ffi

    @ffi.def_extern(error=-1)
    def fail():
        raise ValueError("on purpose")

    @ffi.def_extern(error=-3)
    def die():
        os._exit(0)

    @ffi.def_extern(error=-4)
    def add(x, y):
        return x + y

    @ffi.def_extern(error=-5)
    def take(v, n):
        return v[n - 1]

    @ffi.def_extern(error=-6)
    def sum(first):
        return first.value + first.next.value
""")
ffi.compile()
