import cffi

ffi = cffi.FFI()
ffi.cdef("""
    typedef int (*event_t)(void *user, int what);
    void subscribe(event_t event, void *user);
    int fire_now(int what);
""")
ffi.embedding_api("""
    void setup(int n);
    int total(void);
    int sum_of(int (*next)(void *state), void *state);
""")
ffi.set_source("plugin", r"""
    typedef int (*event_t)(void *user, int what);
    CFFI_DLLEXPORT int fire(int what);
    static event_t events[8];
    static void *users[8];
    static int count;

    static void subscribe(event_t event, void *user) { events[count] = event; users[count++] = user; }
    CFFI_DLLEXPORT int fire(int what)
    {
        int sum = 0;
        for (int i = 0; i < count; i++)
            sum += events[i](users[i], what);
        return sum;
    }
    static int fire_now(int what) { return fire(what); }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    class Counter:
        def __init__(self, name):
            self.name = name
            self.total = 0
            self.handle = ffi.new_handle(self)

    counters = []

    @ffi.callback("int(void *, int)")
    def on_event(user, what):
        counter = ffi.from_handle(user)
        counter.total += what
        print(counter.name, what)
        return counter.total

    @ffi.def_extern()
    def setup(n):
        counters.clear()
        for i in range(n):
            counters.append(Counter("counter %d" % i))
            lib.subscribe(on_event, counters[-1].handle)
        print(lib.fire_now(1))

    @ffi.def_extern()
    def total():
        return sum(c.total for c in counters)

    @ffi.def_extern()
    def sum_of(next, state):
        return sum(iter(lambda: next(state), 0))
""")
ffi.compile()
