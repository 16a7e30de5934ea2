import cffi

ffi = cffi.FFI()
ffi.cdef("""
    struct node { int value; struct node *next; };
    int use(const struct node *n);
""")
ffi.embedding_api("""
    int remember(struct node *n);
    int store(struct node *n);
    const char *hand_over(struct node *n);
""")
ffi.set_source("plugin", """
    struct node { int value; struct node *next; };
    static int use(const struct node *n) { return n->value; }
""")
ffi.embedding_init_code("""
    from plugin import ffi, lib

    kept = []

    @ffi.def_extern()
    def remember(n):
        while n.next:
            n = n.next
        kept.append(ffi.new("struct node *", [n.value, n]))     # a copy that is gone when this returns
        return n.value

    @ffi.def_extern(error=-1)
    def store(n):
        n.next = kept[-1]
        return 1

    @ffi.def_extern()
    def hand_over(n):
        try:
            return ffi.new("char[]", b"used %d" % lib.use(kept[-1]))
        except ValueError as error:
            return ffi.new("char[]", str(error).split(" (0x")[0].encode())
""")
ffi.compile()
