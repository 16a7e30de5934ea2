import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int loop(void) /* [timeout(200)] */;
    int stubborn(void) /* [timeout(200)] */;
    int printing(void) /* [timeout(200)] */;
    int nap(int ms) /* [timeout(200)] */;
    int read_pipe(void) /* [timeout(200)] */;
    int fill(int *v /* [inout, counted_by(n)] */, int n, int ms) /* [timeout(200)] */;
    int plenty(char *v /* [inout, counted_by(n)] */, int n, int ms) /* [timeout(200)] */;
    int patient(int ms);
    int quick(int x) /* [timeout(60000)] */;
    void let_go(void);
    int ended(void);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import array, os, threading, time
    import coil
    from plugin import ffi

    ends = []
    read_end, write_end = os.pipe()

    def note(error):
        ends.append(type(error).__name__)

    @ffi.def_extern(error=-1)
    def loop():
        try:
            while True:
                pass
        except BaseException as error:
            note(error)
            raise

    @ffi.def_extern(error=-1)
    def stubborn():
        for _ in range(2):
            try:
                while True:
                    pass
            except coil.DeadlineExceeded as error:
                note(error)
        return 1

    @ffi.def_extern(error=-1)
    def printing():
        try:
            while True:
                print("and on")
        except TimeoutError as error:
            note(error)

    @ffi.def_extern(error=-1)
    def nap(ms):
        try:
            time.sleep(ms / 1000)
            while True:
                pass
        except coil.DeadlineExceeded as error:
            note(error)
            return 1

    @ffi.def_extern(error=-1)
    def read_pipe():
        try:
            os.read(read_end, 1)
            while True:
                pass
        except coil.DeadlineExceeded as error:
            note(error)
            return 1

    def fill_in(memory, ms, values):
        memory[:1] = values[:1]
        try:
            time.sleep(ms / 1000)
        except coil.DeadlineExceeded as error:
            note(error)
        memory[:] = values
        return 1

    @ffi.def_extern(error=-1)
    def fill(v, n, ms):
        return fill_in(memoryview(ffi.buffer(v, 4 * n)).cast("i"), ms, array.array("i", [7] * n))

    @ffi.def_extern(error=-1)
    def plenty(v, n, ms):
        return fill_in(ffi.buffer(v, n), ms, b"z" * n)

    @ffi.def_extern()
    def patient(ms):
        time.sleep(ms / 1000)
        return ms

    @ffi.def_extern(error=-1)
    def quick(x):
        return x + 1

    @ffi.def_extern()
    def let_go():
        os.write(write_end, b"x")

    @ffi.def_extern()
    def ended():
        result = len(ends)
        ends.clear()
        return result
""")
ffi.compile()
