import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    struct state { int n; char text[16]; };
    struct state *state(void);
    int value(const struct state *s /* [in] */);
    void set(int n);
    int fork_python(struct state *s);
""")
ffi.set_source("plugin", "struct state { int n; char text[16]; };")
ffi.embedding_init_code("""
    import os
    from plugin import ffi

    shared = ffi.new("struct state *", (1, b"first"))

    @ffi.def_extern()
    def state():
        return shared

    @ffi.def_extern()
    def value(s):
        return s.n

    @ffi.def_extern()
    def set(n):
        shared.n = n
        shared.text = b"set %d" % n

    # A child of Python's has its own: what it writes, nobody else sees.
    @ffi.def_extern()
    def fork_python(s):
        child = os.fork()
        if child == 0:
            good = shared.n == s.n
            shared.n = 1000
            more = [ffi.new("int[]", 1000) for _ in range(100)]
            more[99][999] = 7
            del more
            os._exit(0 if good and shared.n == 1000 else 1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
""")
ffi.compile()
