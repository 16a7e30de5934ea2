import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int worker(void);
    int add(int x, int y);
    int slow(int ms);
    char *text(void /* [string] */);
    void *handle(int x);
    int look(void *h /* [opaque] */);
    void drop(void);
    int remember(void);
    typedef int (*twice_fn)(int);
    twice_fn twice(void);
    int apply(int (*f)(int), int x);
    /* [oneway] */ void note(int thread, int number);
    int noted(int thread);
""")
ffi.set_source("plugin", "typedef int (*twice_fn)(int);")
ffi.embedding_init_code("""
    import os
    import time
    import coil
    from plugin import ffi

    kept = []
    path = os.environ["HOME"] + "/notes"

    @ffi.def_extern(error=-1)
    def worker():
        return os.getpid()

    @ffi.def_extern(error=-1)
    def add(x, y):
        return x + y

    @ffi.def_extern(error=-1)
    def slow(ms):
        time.sleep(ms / 1000)
        return ms

    @ffi.def_extern()
    def text():
        return ffi.new("char[]", b"text of %d" % os.getpid())

    @ffi.def_extern()
    def handle(x):
        kept.append(ffi.new_handle([x]))
        return kept[-1]

    @ffi.def_extern(error=-1)
    def look(h):
        return ffi.from_handle(h)[0]

    @ffi.def_extern()
    def drop():
        kept.clear()

    @ffi.def_extern(error=-1)
    def remember():
        kept.append(coil.current())
        return len(kept)

    @ffi.def_extern()
    def twice():
        kept.append(ffi.callback("int(int)", lambda x: 2 * x))
        return kept[-1]

    @ffi.def_extern(error=-1)
    def apply(f, x):
        return f(x)

    @ffi.def_extern()
    def note(thread, number):
        with open(path, "a") as file:
            file.write("%d %d\\n" % (thread, number))

    @ffi.def_extern(error=-1)
    def noted(thread):
        return 0
""")
ffi.compile()
