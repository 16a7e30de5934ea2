import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    /* [idempotent] */
    double sum(double *v /* [inout, counted_by(n)] */, int n, int die, int *runs /* [out] */);
    double sum_once(double *v /* [inout, counted_by(n)] */, int n, int die) ; /* not idempotent */
    int add(int x, int y); /* [idempotent] */
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    import signal
    from plugin import ffi

    def run(v, n, die):
        # Written before the worker dies: must not reach the program, or it would be doubled twice.
        for i in range(n):
            v[i] *= 2
        flag = os.environ["HOME"] + "/died-%d" % die
        if die and not os.path.exists(flag):
            open(flag, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return sum_of(v[0:n])

    def sum_of(values):
        total = 0.0
        for value in values:
            total += value
        return total

    @ffi.def_extern(error=-1.0)
    def sum(v, n, die, runs):
        runs[0] = 7
        return run(v, n, die)

    @ffi.def_extern(error=-2.0)
    def sum_once(v, n, die):
        return run(v, n, die)

    @ffi.def_extern()
    def add(x, y):
        return x + y
""")
ffi.compile()
