import cffi

ffi = cffi.FFI()
ffi.cdef("int plus(int x); void block(void);")
ffi.embedding_api("""
    int add(int x, int y);
    int work(const int *v /* [counted_by(n)] */, int n);
    int call_back(void);
    int keep_session(void);
    int keep_memory(int *v /* [in, counted_by(n)] */, int n);
    void append(int x); /* [oneway] */
    int seen(void);
""")
ffi.set_source("plugin", """
    #include <stdio.h>
    #include <unistd.h>
    static int plus(int x) { return x + 1; }
    static void block(void)
    {
        printf("ready\\n");
        fflush(stdout);
        for (;;)
            pause();
    }
""")
ffi.embedding_init_code("""
    import coil
    import threading
    import time
    from plugin import ffi, lib

    gone = {"callback": 0, "session": 0, "peer": 0, "close": 0}
    queued = 0
    kept = []  # pointers into memory of programs

    @ffi.def_extern(error=-1)
    def add(x, y):
        return x + y

    @ffi.def_extern(error=-1)
    def work(v, n):
        time.sleep(0.2)
        return v[0] + v[n - 1]

    @ffi.def_extern(error=-1)
    def call_back():
        session = coil.current()
        try:
            lib.block()
        except coil.ClientGone:
            gone["callback"] += 1
            gone["peer"] += session.peer.pid > 0  # who it was can still be asked
        return 0

    @ffi.def_extern(error=-1)
    def keep_session():
        session = coil.current()

        def closed():
            gone["close"] += 1

        def main():
            try:
                while True:
                    with session:
                        lib.plus(1)
                    time.sleep(0.01)
            except coil.ClientGone:
                gone["session"] += 1

        session.on_close(closed)
        threading.Thread(target=main, daemon=True).start()
        return 0

    @ffi.def_extern(error=-1)
    def keep_memory(v, n):
        kept.append(v)
        return v[n - 1]

    @ffi.def_extern()
    def append(x):
        global queued
        time.sleep(0.0005)
        queued += 1

    @ffi.def_extern(error=-1)
    def seen():
        return gone["callback"] * 1000000 + gone["peer"] * 10000 + gone["session"] * 100 + gone["close"]
""")
ffi.compile()
