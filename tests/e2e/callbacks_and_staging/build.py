import cffi

ffi = cffi.FFI()
ffi.cdef("""
    struct node { int value; struct node *next; };
    void change(int index, int value);
    int look(int index);
    void grow(void);
    int list_sum(void);
    void swap_name(void);
    char *first_word(const char *text);
""")
ffi.embedding_api("""
    int run(int *v /* [inout, counted_by(n)] */, int n, struct node *list /* [inout, counted_by(1)] */, char *name /* [string] */, int *out /* [out, counted_by(n)] */);
    int inner(int *v /* [inout, counted_by(n)] */, int n);
""")
ffi.set_source("plugin", r"""
    #include <string.h>
    struct node { int value; struct node *next; };
    CFFI_DLLEXPORT int inner(int *v, int n);
    CFFI_DLLEXPORT int values[4];
    CFFI_DLLEXPORT struct node nodes[3];
    CFFI_DLLEXPORT char name[16];
    int values[4] = { 1, 2, 3, 4 };
    struct node nodes[3] = { { 1, &nodes[1] }, { 2, NULL }, { 30, NULL } };
    char name[16] = "before";

    static void change(int index, int value) { values[index] = value; inner(values, 4); }
    static int look(int index) { return values[index]; }
    static void grow(void) { nodes[1].next = &nodes[2]; }
    static int list_sum(void) { int s = 0; for (struct node *n = nodes; n; n = n->next) s += n->value; return s; }
    static void swap_name(void) { name[0] = 'B'; }
    static char *first_word(const char *text)
    {
        static char word[32];
        size_t n = strcspn(text, " ");
        memcpy(word, text, n);
        word[n] = 0;
        return word;
    }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    @ffi.def_extern(error=-1)
    def run(v, n, list_, name, out):
        print(list(v[0:n]), [lib.look(i) for i in range(n)])
        v[1] = 20                                   # Python's change is seen by C
        print(lib.look(1))
        lib.change(2, 33)                           # C's change is seen by Python, and so is that of the call inside it
        print(list(v[0:n]))
        out[0] = 7
        lib.grow()                                  # the list has become longer
        print(list_.next.next.value, lib.list_sum())
        list_.next.next.value = 300
        print(lib.list_sum())
        list_.next = ffi.NULL
        print(lib.list_sum())
        lib.swap_name()
        print(ffi.string(name))
        name[1] = b"E"
        words = [lib.first_word(text) for text in (b"alpha beta", b"gamma delta")]
        print([ffi.string(word) for word in words])
        out[1] = 8
        return sum(v[0:n])

    @ffi.def_extern(error=-1)
    def inner(v, n):
        print("inner", list(v[0:n]))
        v[3] = v[3] * 100
        lib.look(0)
        v[0] += 1
        return 0
""")
ffi.compile()
