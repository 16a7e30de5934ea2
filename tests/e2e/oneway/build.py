import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    void note(int x) /* [oneway] */;
    void say(int x) /* [oneway] */;
    void fail(int x) /* [oneway] */;
    void unattached(int x) /* [oneway] */;
    void errno_of_caller(void) /* [oneway] */;
    void struct_of_caller(struct pair { int a; double b; } p) /* [oneway] */;
    int last(void);
    int in_order(void);
""")
ffi.set_source("plugin", "struct pair { int a; double b; };")
ffi.embedding_init_code("""
    from plugin import ffi

    notes = []

    @ffi.def_extern()
    def note(x):
        notes.append(x)

    @ffi.def_extern()
    def say(x):
        print("say", x)

    @ffi.def_extern()
    def fail(x):
        raise ValueError("no %d" % x)

    @ffi.def_extern()
    def errno_of_caller():
        print("errno", ffi.errno)
        ffi.errno = 9

    @ffi.def_extern()
    def struct_of_caller(p):
        print("struct", p.a, p.b)

    @ffi.def_extern()
    def last():
        return notes[-1]

    @ffi.def_extern()
    def in_order():
        good = notes == sorted(notes)
        count = len(notes)
        notes.clear()
        return count if good else -1
""")
ffi.compile()
