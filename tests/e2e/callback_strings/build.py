import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    typedef int (*log_t)(int level, const char *text);
    typedef double (*mean_t)(const double *v /* [in, counted_by(n)] */, int n);
    typedef void (*upper_t)(char *text);
    typedef int (*fill_t)(int *v /* [out, counted_by(cap)] */, int cap);
    struct node { int value; struct node *next; };
    typedef int (*walk_t)(struct node *list);

    int call_all(log_t log, mean_t mean, upper_t upper, fill_t fill, walk_t walk);
    log_t logger(void);
    mean_t meaner(void);
    upper_t upperer(void);
    fill_t filler(void);
    walk_t walker(void);
""")
ffi.set_source("plugin", r"""
    typedef int (*log_t)(int level, const char *text);
    typedef double (*mean_t)(const double *v, int n);
    typedef void (*upper_t)(char *text);
    typedef int (*fill_t)(int *v, int cap);
    struct node { int value; struct node *next; };
    typedef int (*walk_t)(struct node *list);
""")
ffi.embedding_init_code(r"""
    from plugin import ffi

    @ffi.def_extern(error=-1)
    def call_all(log, mean, upper, fill, walk):
        print(log(3, b"from Python"), log(4, ffi.new("char[]", b"from ffi.new")), log(0, ffi.NULL))
        print(mean(ffi.new("double[]", [1, 2, 6]), 3), mean([2.5, 3.5], 2))
        text = ffi.new("char[]", b"hello")
        upper(text)
        print(ffi.string(text))
        v = ffi.new("int[5]")
        print(fill(v, 5), list(v))
        last = ffi.new("struct node *", [3])
        middle = ffi.new("struct node *", [2, last])
        first = ffi.new("struct node *", [1, middle])
        print(walk(first), first.value, last.value)
        return 0

    @ffi.callback("log_t")
    def log(level, text):
        print("log", level, ffi.string(text) if text else None)
        return level + 1

    @ffi.callback("mean_t")
    def mean(v, n):
        return sum(v[0:n]) / n

    @ffi.callback("upper_t")
    def upper(text):
        s = ffi.string(text).upper()
        text[0:len(s)] = s

    @ffi.callback("fill_t")
    def fill(v, cap):
        for i in range(cap):
            v[i] = i * i
        return cap

    @ffi.callback("walk_t")
    def walk(node):
        total = 0
        while node:
            total += node.value
            node.value *= 10
            node = node.next
        return total

    @ffi.def_extern()
    def logger():
        return log

    @ffi.def_extern()
    def meaner():
        return mean

    @ffi.def_extern()
    def upperer():
        return upper

    @ffi.def_extern()
    def filler():
        return fill

    @ffi.def_extern()
    def walker():
        return walk
""")
ffi.compile()
