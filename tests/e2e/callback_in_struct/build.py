import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct visitor {
        int (*visit)(struct visitor *self, int value);
        int total;
        const char *name;
    };
    struct ops { int (*add)(int, int); int (*sub)(int, int); double (*half)(double); };
    int use(struct visitor *v, int times);
    void fill(struct ops *ops /* [out] */);
    int borrow(const struct ops *ops);
    struct ops by_value(struct ops ops);
    struct ops *make(void);
    void replace(struct visitor *v);
""")
ffi.set_source("plugin", r"""
    struct visitor {
        int (*visit)(struct visitor *self, int value);
        int total;
        const char *name;
    };
    struct ops { int (*add)(int, int); int (*sub)(int, int); double (*half)(double); };
""")
ffi.embedding_init_code(r"""
    from plugin import ffi

    @ffi.callback("int(int, int)")
    def add(x, y):
        print("Python adds", x, y)
        return x + y

    @ffi.callback("int(int, int)")
    def sub(x, y):
        return x - y

    @ffi.callback("double(double)")
    def half(x):
        return x / 2

    @ffi.def_extern()
    def use(v, n):
        print(ffi.string(v.name), v.total)
        for i in range(n):
            print(v.visit(v, i), v.total)
        return v.total

    @ffi.def_extern()
    def fill(ops):
        ops.add, ops.sub, ops.half = add, sub, half

    @ffi.def_extern()
    def borrow(ops):
        print(ops.half == half, ops.add == add, ops.sub == ffi.NULL)
        return ops.add(20, 3)

    @ffi.def_extern()
    def by_value(ops):
        return [ops.sub, ops.add, half]

    made = ffi.new("struct ops *", [add, sub, half])

    @ffi.def_extern()
    def make():
        return made

    @ffi.callback("int(struct visitor *, int)")
    def visit(self, value):
        self.total += 100 * value
        return self.total

    @ffi.def_extern()
    def replace(v):
        v.visit = visit
""")
ffi.compile()
