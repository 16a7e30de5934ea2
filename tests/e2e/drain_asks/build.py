import cffi

ffi = cffi.FFI()
ffi.cdef("int tick(void); extern int ticks;")
ffi.embedding_api("int watch(int ms); int add(int x, int y);")
ffi.set_source("plugin", """
    #include <stdio.h>
    int ticks = 0;
    int tick(void) { return __atomic_add_fetch(&ticks, 1, __ATOMIC_SEQ_CST); }
""")
ffi.embedding_init_code("""
    import coil
    import threading
    import time
    from plugin import ffi, lib

    def in_background(session):
        while not session.gone:
            try:
                with session:
                    lib.tick()
            except Exception as error:
                print(type(error).__name__)
                return
            time.sleep(0.01)

    @ffi.def_extern(error=-1)
    def watch(ms):
        threading.Thread(target=in_background, args=(coil.current(),), daemon=True).start()
        print("begun")
        end = time.monotonic() + ms / 1000
        last = 0
        while time.monotonic() < end:
            now = lib.tick()
            assert now > last
            last = now
            time.sleep(0.02)
        return 1

    @ffi.def_extern(error=-2)
    def add(x, y):
        return x + y
""")
ffi.compile()
