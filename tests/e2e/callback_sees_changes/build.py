import cffi

ffi = cffi.FFI()
ffi.cdef("""
    typedef void (*step_t)(int i);
    struct state { int steps; const char *name; step_t step; };
    void walk(int n, step_t step);
    void tick(void);
""")
ffi.embedding_api("""
    int run(struct state *state, int *v /* [inout, counted_by(n)] */, int n);
""")
ffi.set_source("plugin", r"""
    typedef void (*step_t)(int i);
    struct state { int steps; const char *name; step_t step; };
    CFFI_DLLEXPORT int values[3];
    CFFI_DLLEXPORT struct state state;
    int values[3] = { 1, 2, 3 };
    struct state state = { 0, "first", 0 };
    static void walk(int n, step_t step)
    {
        for (int i = 0; i < n; i++) {
            values[i] *= 10;
            state.steps++;
            step(i);
            values[i]++;
        }
    }
    static void tick(void) { state.name = "second"; if (state.step) state.step(100); }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    # What the function that C calls sees and changes is what C sees and changes: of the arguments of the handler
    # that has called C, too.
    @ffi.def_extern(error=-1)
    def run(state, v, n):
        def step(i):
            print("step", i, list(v[0:n]), state.steps, ffi.string(state.name))
            v[n - 1] += 1000
        callback = ffi.callback("step_t", step)
        lib.walk(n, callback)
        print(list(v[0:n]), state.steps)
        state.step = callback                   # stored by Python in the program's struct, called by C
        lib.tick()
        print(ffi.string(state.name), list(v[0:n]))
        state.step = ffi.NULL
        lib.tick()
        return sum(v[0:n])
""")
ffi.compile()
