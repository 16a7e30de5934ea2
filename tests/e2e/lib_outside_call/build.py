import cffi

ffi = cffi.FFI()
ffi.cdef("int plain(int x); extern int variable;")
ffi.embedding_api("int start(void); int finish(void);")
ffi.set_source("plugin", "static int variable = 5; static int plain(int x) { return x + 1; }")
ffi.embedding_init_code(r"""
    import coil
    import threading
    from plugin import ffi, lib

    outcome = []
    go_on = threading.Event()

    def try_it(word, function, *arguments):
        try:
            outcome.append("%s: %s" % (word, function(*arguments)))
        except RuntimeError as error:
            outcome.append("%s: %s" % (word, error))

    def in_a_thread():
        try_it("during the call", lib.plain, 1)
        try_it("during the call", lambda: coil.current() == session)
        go_on.wait()
        try_it("after the call", lib.plain, 2)
        try_it("after the call", getattr, lib, "variable")

    threads = []

    @ffi.def_extern()
    def start():
        global session
        session = coil.current()
        outcome.clear()
        go_on.clear()
        threads.append(threading.Thread(target=in_a_thread))
        threads[-1].start()
        while len(outcome) < 2:
            pass
        return lib.plain(41)

    @ffi.def_extern()
    def finish():
        go_on.set()
        threads.pop().join()
        for line in outcome:
            print(line)
        return lib.variable
""")
ffi.compile()
