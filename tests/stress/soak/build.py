import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct point { double x, y; };
    struct node { struct node *next; int value; };
    int add(int x, int y);
    int raise_it(int x) /* [error(-1)] */;
    void note(int x) /* [oneway] */;
    void note_text(const char *text) /* [oneway] */;
    struct point *point(int i);
    char *text(int length);
    long sum(struct node *list);
    size_t turn(unsigned char *bytes /* [inout, counted_by(size)] */, size_t size);
    int call_back(int (*function)(int), int times);
    int noted(void);
    int say(const char *text);
""")
ffi.set_source("plugin", "struct point { double x, y; }; struct node { struct node *next; int value; };")
ffi.embedding_init_code("""
    import threading
    from plugin import ffi

    local = threading.local()

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern()
    def raise_it(x):
        raise ValueError("no %d today" % x)

    @ffi.def_extern()
    def note(x):
        local.noted = getattr(local, "noted", 0) + 1

    @ffi.def_extern()
    def note_text(text):
        note(len(ffi.string(text)))

    @ffi.def_extern()
    def noted():
        return getattr(local, "noted", 0)

    @ffi.def_extern()
    def point(i):
        return ffi.new("struct point *", (i, -i))

    @ffi.def_extern()
    def text(length):
        return ffi.new("char[]", b"x" * length)

    @ffi.def_extern()
    def sum(list):
        total = 0
        while list:
            total += list.value
            list = list.next
        return total

    @ffi.def_extern()
    def turn(bytes, size):
        buffer = ffi.buffer(bytes, size)
        buffer[:] = buffer[:][::-1]
        return size

    @ffi.def_extern()
    def call_back(function, times):
        return function(times) + (0 if times <= 1 else function(times - 1))

    @ffi.def_extern()
    def say(text):
        print(ffi.string(text).decode())
        return 1
""")
ffi.compile()
