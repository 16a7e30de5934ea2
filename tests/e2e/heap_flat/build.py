import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct point { double x, y, z; };
    struct point *point(int i);
    char *text(int length);
    int *large(int megabytes);
    int make_many(int rounds);
    int too_much(void);
    int python_pid(void);
""")
ffi.set_source("plugin", "struct point { double x, y, z; };")
ffi.embedding_init_code("""
    import os
    from plugin import ffi

    @ffi.def_extern()
    def point(i):
        return ffi.new("struct point *", (i, i, i))

    @ffi.def_extern()
    def text(length):
        return ffi.new("char[]", b"x" * length)

    @ffi.def_extern()
    def large(megabytes):
        return ffi.new("int[]", megabytes << 18)

    @ffi.def_extern()
    def make_many(rounds):
        for i in range(rounds):
            kept = [ffi.new("struct point *") for _ in range(1000)]
        return len(kept)

    @ffi.def_extern()
    def too_much():
        kept = []
        try:
            while True:
                kept.append(ffi.new("char[]", 4 << 30))
                kept[-1][(4 << 30) - 1] = b"x"
        except MemoryError as error:
            print(error)
        return len(kept)

    @ffi.def_extern()
    def python_pid():
        return os.getpid()
""")
ffi.compile()
