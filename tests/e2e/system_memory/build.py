import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    typedef int (*step_t)(int);
    struct node { int value; struct node *next; const char *name; };
    struct counter { int count; const char *name; };

    int add(int x, int y);
    int walk(struct node *list, int ms);
    int sum(const unsigned char *v /* [counted_by(n)] */, int n, int ms);
    void *keep_list(struct node *list);
    int walk_kept(void);

    struct node *make(const char *name);
    int value_of(struct node *n);
    struct counter *shared_counter(void);
    int shared_count(void);
    struct node *give_back(int which);
    void *ticket(int n);
    int redeem(void *ticket /* [opaque] */);
    step_t stepper(int by);
    int call_step(step_t f, int x);
""")
ffi.set_source("plugin", r"""
    typedef int (*step_t)(int);
    struct node { int value; struct node *next; const char *name; };
    struct counter { int count; const char *name; };
""")
ffi.embedding_init_code(r"""
    import time
    from plugin import ffi

    made, tickets, steppers, kept = [], [], [], []
    label = ffi.new("char[]", b"for all")
    counter = ffi.new("struct counter *", [7, label])

    def follow(n):
        # The values of a list that may be rewritten under it: every pointer is followed, every name read.
        total = count = 0
        while n and count < 100:
            total += n.value + len(ffi.string(n.name))
            n = n.next
            count += 1
        return total, count

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern(error=-1)
    def walk(n, ms):
        # What it sees is the same from its beginning to its end.
        end = time.monotonic() + ms / 1000
        first = follow(n)
        while time.monotonic() < end:
            if follow(n) != first:
                return -2
        return first[1]

    @ffi.def_extern(error=-1)
    def sum(v, n, ms):
        first, end = bytes(ffi.buffer(v, n)), time.monotonic() + ms / 1000
        while time.monotonic() < end:
            if bytes(ffi.buffer(v, n)) != first:
                return -2
        return __builtins__["sum"](first)

    @ffi.def_extern()
    def keep_list(n):
        kept[:] = [n]
        return ffi.NULL

    @ffi.def_extern(error=-1)
    def walk_kept():
        n = kept[0]
        return 0 if not n.next and not n.name else 1

    @ffi.def_extern()
    def make(name):
        text = ffi.new("char[]", ffi.string(name))
        made.append((ffi.new("struct node *", [len(made), ffi.NULL, text]), text))
        return made[-1][0]

    @ffi.def_extern(error=-1)
    def value_of(n):
        return n.value * 1000 + len(ffi.string(n.name))

    @ffi.def_extern()
    def shared_counter():
        return counter

    @ffi.def_extern()
    def shared_count():
        return counter.count * 100 + len(ffi.string(counter.name))

    @ffi.def_extern()
    def give_back(which):
        return made[which][0]

    @ffi.def_extern()
    def ticket(n):
        tickets.append(ffi.new_handle(n))
        return tickets[-1]

    @ffi.def_extern(error=-1)
    def redeem(t):
        return ffi.from_handle(t)

    @ffi.def_extern()
    def stepper(by):
        steppers.append(ffi.callback("step_t", lambda x: x + by))
        return steppers[-1]

    @ffi.def_extern(error=-1)
    def call_step(f, x):
        return f(x)
""")
ffi.compile()
