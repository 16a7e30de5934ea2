import cffi

ffi = cffi.FFI()
ffi.cdef("""
    int apply(int (*f)(int, int), int x, int y);
""")
ffi.embedding_api("""
    struct point { int x, y; };
    int add(int x, int y);
    struct point move(struct point p, double by);
    int (*adder(void))(int, int);
    int check(int (*f)(int, int));
    int run(void);
    int not_attached(int x);
""")
ffi.set_source("plugin", r"""
    struct point { int x, y; };
    static int apply(int (*f)(int, int), int x, int y) { return f(x, y); }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    @ffi.def_extern()
    def add(x, y):
        print("add", x, y)
        return x + y

    @ffi.def_extern()
    def move(p, by):
        return [int(p.x + by), int(p.y - by)]

    @ffi.def_extern()
    def adder():
        return lib.add

    @ffi.def_extern()
    def check(f):
        return f == lib.add

    @ffi.def_extern(error=-1)
    def run():
        print(ffi.typeof(lib.add).cname, ffi.typeof(lib.move).cname)
        print(lib.add(1, 2), lib.apply(lib.add, 3, 4))
        moved = lib.move(ffi.new("struct point *", [1, 2])[0], 1.5)
        print(moved.x, moved.y)
        print(lib.add is lib.add, lib.add == lib.add, ffi.addressof(lib, "add") == lib.add)
        print("add" in dir(lib))
        try:
            lib.add = None
        except AttributeError as error:
            print("not writable")
        return 0

    # Needs no program, so it works before the first call, too.
    table = ffi.new("int(*[])(int, int)", [lib.add])
    print(table[0](40, 2))
""")
ffi.compile()
