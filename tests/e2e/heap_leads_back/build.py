import cffi

ffi = cffi.FFI()
ffi.cdef("""
    struct node { int value; struct node *next; void *owner; };
    extern struct node *head;
    int behind(const struct node *n);
    int append(struct node *n);
    struct node *latest(void);
""")
ffi.embedding_api("""
    int store(struct node *n);
    int own(struct node *n);
    struct node *wrap(struct node *n);
    int ring(struct node *n, int times);
    int hand_over(struct node *n);
    int twice(struct node *n);
    int into(struct node *python, struct node *n);
    int into_latest(struct node *n);
    int variable(struct node *n);
    int each(struct node *n, int (*visit)(const struct node *n));
""")
ffi.set_source("plugin", """
    struct node { int value; struct node *next; void *owner; };
    CFFI_DLLEXPORT struct node *head;
    struct node *head;

    static int behind(const struct node *n)
    {
        return n->next == n->owner ? n->next->value : -1;
    }

    static int append(struct node *n)
    {
        n->next->value += 100;
        return n->next == n->owner;
    }

    static struct node *latest(void) { return head; }
""")
ffi.embedding_init_code("""
    from plugin import ffi, lib

    kept = []

    def make(value, next):
        kept.append(ffi.new("struct node *", [value, next, next]))
        return kept[-1]

    @ffi.def_extern(error=-1)
    def store(n):
        n.next = make(1, n)
        return 1

    @ffi.def_extern(error=-1)
    def own(n):
        n.next = n.owner = n
        return 1

    @ffi.def_extern()
    def wrap(n):
        return make(2, n)

    @ffi.def_extern(error=-1)
    def ring(n, times):
        last = n
        for i in range(times):
            last = make(i, last)
        n.next = last
        return times

    @ffi.def_extern(error=-1)
    def hand_over(n):
        x = make(3, n)
        before = lib.behind(x)
        n.value += 1
        after = lib.behind(x)
        print(before, after, x.next == n, x.owner == n, x.next.value)
        return lib.append(x) + x.next.value

    @ffi.def_extern(error=-1)
    def twice(n):
        n.next = x = make(4, n)
        results = [lib.behind(x) for _ in range(2)]
        print(results, x.next == n, x.next.value, n.next == x, n.next.next == n)
        x.next.value += 5
        return lib.behind(x)

    @ffi.def_extern(error=-1)
    def into(python, n):
        python.next = n
        return python.value

    @ffi.def_extern(error=-1)
    def into_latest(n):
        lib.latest().next = n
        return 1

    @ffi.def_extern(error=-1)
    def variable(n):
        x = make(5, n)
        lib.head = x
        return 1000 * lib.behind(lib.head) + x.next.value

    @ffi.def_extern(error=-1)
    def each(n, visit):
        return visit(make(6, make(7, n)))
""")
ffi.compile()
