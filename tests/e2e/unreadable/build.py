import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct node { struct node *next; const char *name; int *values /* [in, counted_by(n)] */; int n; };
    int sum(const struct node *list);
    int count(const char *const *words /* [string] */);
    int by_value(struct node node);
    int store(struct node *node, long address);
""")
ffi.set_source("plugin", "struct node { struct node *next; const char *name; int *values; int n; };")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern(error=-7)
    def sum(list):
        total = 0
        while list:
            total += __builtins__["sum"](list.values[0:list.n]) if list.values else 0
            list = list.next
        return total

    @ffi.def_extern(error=-7)
    def count(words):
        n = 0
        while words[n]:
            n += 1
        return n

    @ffi.def_extern(error=-7)
    def by_value(node):
        return node.n

    @ffi.def_extern(error=-7)
    def store(node, address):
        node.n = 5
        node.name = ffi.cast("char *", 2 * address)
        return 1
""".replace('__builtins__["sum"]', "add"). replace("from plugin import ffi", "from plugin import ffi\n    from builtins import sum as add"))
ffi.compile()
