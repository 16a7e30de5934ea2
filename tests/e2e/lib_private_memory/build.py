import cffi

ffi = cffi.FFI()
ffi.cdef("""
    struct word { const char *text /* [string] */; int length; };
    struct node { int value; struct node *next; };
    int count(const char *s, char c);
    void upper(char *s /* [string] */);
    int sum(const int *v /* [in, counted_by(n)] */, int n);
    void negate(int *v /* [inout, counted_by(n)] */, int n);
    int fill(int *v /* [out, counted_by(cap), length(*used)] */, int cap, int *used /* [out] */);
    int join(const char *words[] /* [in, counted_by(n)] */, int n, char *to /* [out, sized_by(size)] */, int size);
    int measure(struct word *w);
    int is_empty(const char *s, int n);
    int add_up(struct node *list);
    int overlap(const unsigned char *a /* [in, counted_by(n)] */, unsigned char *b /* [inout, counted_by(n)] */, int n);
    unsigned char *find(unsigned char *s /* [inout, counted_by(n)] */, int n, int c) /* [opaque] */;
""")
ffi.embedding_api("int run(void);")
ffi.set_source("plugin", r"""
    #include <ctype.h>
    #include <string.h>
    struct word { const char *text; int length; };
    struct node { int value; struct node *next; };
    static int count(const char *s, char c) { int n = 0; for (; *s; s++) n += *s == c; return n; }
    static void upper(char *s) { for (; *s; s++) *s = (char)toupper((unsigned char)*s); }
    static int sum(const int *v, int n) { int s = 0; while (n-- > 0) s += *v++; return s; }
    static void negate(int *v, int n) { for (int i = 0; i < n; i++) v[i] = -v[i]; }
    static int fill(int *v, int cap, int *used)
    {
        for (int i = 0; i < cap; i++)
            v[i] = 100 + i;
        *used = cap / 2;
        return cap;
    }
    static int join(const char *words[], int n, char *to, int size)
    {
        to[0] = 0;
        for (int i = 0; i < n; i++)
            strncat(to, words[i], (size_t)size - strlen(to) - 1);
        return (int)strlen(to);
    }
    static int measure(struct word *w) { return w->length = (int)strlen(w->text); }
    static int is_empty(const char *s, int n) { return s && n == 0; }
    static int add_up(struct node *list)
    {
        int s = 0;
        struct node *first = list;
        while (list) {
            s += list->value;
            list->value *= 10;
            list = list->next == first ? NULL : list->next;
        }
        return s;
    }
    static int overlap(const unsigned char *a, unsigned char *b, int n)
    {
        int s = 0;
        for (int i = 0; i < n; i++)
            b[i] = (unsigned char)(b[i] + 1);
        for (int i = 0; i < n; i++)
            s += a[i];
        return s;
    }
    static unsigned char *find(unsigned char *s, int n, int c) { return memchr(s, c, (size_t)n); }
""")
ffi.embedding_init_code(r"""
    import array
    from plugin import ffi, lib

    @ffi.def_extern(error=-1)
    def run():
        print(lib.count(b"banana", b"a"), lib.count([b"x", b"x", b"\0"], b"x"))
        text = bytearray(b"shout\0 not this")
        lib.upper(ffi.from_buffer("char[]", text))
        print(text)

        numbers = array.array("i", range(1, 11))
        view = ffi.from_buffer("int[]", numbers)
        print(lib.sum(view, 10), lib.sum(view + 5, 5), lib.sum([4, 5], 2), lib.sum((7,), 1))
        lib.negate(view + 2, 3)
        print(list(numbers))
        used = ffi.new("int *")
        print(lib.fill(view, 6, used), used[0], numbers[0], numbers[1], numbers[2])

        words = [ffi.from_buffer("char[]", bytearray(w)) for w in (b"one\0", b"two\0", b"three\0")]
        room = bytearray(32)
        print(lib.join(words, 3, ffi.from_buffer("char[]", room), 32), room.rstrip(b"\0"))

        memory = bytearray(ffi.sizeof("struct word"))
        word = ffi.cast("struct word *", ffi.from_buffer(memory))
        word.text = words[2]
        print(lib.measure(word), word.length, ffi.string(word.text), word.text == words[2])

        memory = bytearray(3 * ffi.sizeof("struct node"))
        nodes = ffi.cast("struct node *", ffi.from_buffer(memory))
        for i in range(3):
            nodes[i].value = i + 1
            nodes[i].next = nodes + (i + 1) % 3
        print(lib.add_up(nodes), [nodes[i].value for i in range(3)], nodes[0].next == nodes + 1, nodes[2].next == nodes)

        both = bytearray(b"\x01\x02\x03\x04")
        a = ffi.from_buffer("unsigned char[]", both)
        print(lib.overlap(a, a + 1, 3), list(both))
        print(lib.find(a, 4, 3) == a + 1, lib.find(a, 4, 99) == ffi.NULL)

        print(lib.is_empty(b"", 0), lib.is_empty(ffi.from_buffer(bytearray(b"x")), 0), lib.is_empty(ffi.NULL, 0))
        constant = b"never written"
        lib.count(constant, b"n")
        big = bytearray(3 << 20)
        view = ffi.from_buffer("int[]", big)
        view[(3 << 18) - 1] = 5
        lib.negate(view, 3 << 18)
        print(view[(3 << 18) - 1], sum(big[:-4]))
        return 0
""")
ffi.compile()
