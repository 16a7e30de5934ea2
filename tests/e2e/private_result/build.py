import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct item { char *name; struct item *next; void *user; };
    struct box { int id; struct item *item; };
    const char *text(int kind);
    void *opaque(int kind);
    struct item *items(int kind);
    struct box box(int kind);
    void store(struct item *item, int kind);
    void *same(void *p);
    struct item *typed(void *p);
    int *numbers(int n) /* [counted_by(n)] */;
""")
ffi.set_source("plugin", """
    struct item { char *name; struct item *next; void *user; };
    struct box { int id; struct item *item; };
""")
ffi.embedding_init_code("""
    import array
    from plugin import ffi

    own = bytearray(b"Python's own\\0")
    private = ffi.from_buffer("char[]", own)
    private_item = ffi.from_buffer("struct item *", bytearray(64), require_writable=True)
    keep = []

    def kept(*arguments):
        keep.append(ffi.new(*arguments))
        return keep[-1]

    @ffi.def_extern()
    def text(kind):
        return (kept("char[]", b"shared"), private, ffi.NULL)[kind]

    @ffi.def_extern()
    def opaque(kind):
        return (kept("char[]", b"shared"), private, ffi.new_handle(1), ffi.cast("void *", 42))[kind]

    @ffi.def_extern()
    def items(kind):
        item = kept("struct item *", {"name": kept("char[]", b"first")})
        item.next = kept("struct item *", {"name": kept("char[]", b"second")})
        if kind == 1:
            return private_item
        if kind == 2:
            item.next.name = private
        if kind == 3:
            item.next.next = private_item
        return item

    @ffi.def_extern()
    def box(kind):
        item = kept("struct item *", {"name": kept("char[]", b"boxed")})
        if kind == 1:
            item.name = private
        return {"id": kind, "item": private_item if kind == 2 else item}

    @ffi.def_extern()
    def store(item, kind):
        item.name = kept("char[]", b"stored")
        if kind == 1:
            item.name = private
        if kind == 2:
            item.next = private_item
        if kind == 3:
            item.next = kept("struct item *", {"name": private})

    @ffi.def_extern()
    def same(p):
        return p

    @ffi.def_extern()
    def typed(p):
        return ffi.cast("struct item *", p)

    @ffi.def_extern()
    def numbers(n):
        end = kept("int[]", 10)
        return end if n == 10 else ffi.from_buffer("int[]", array.array("i", range(n)))

    try:
        @ffi.def_extern(name="text", error=private)
        def text_error(kind):
            return ffi.NULL
    except ValueError as error:
        print(error)
""")
ffi.compile()
