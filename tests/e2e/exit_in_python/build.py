import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); int compute(void); int rest(void); int hold(void); int start_thread(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import ctypes
    import threading
    import time
    from plugin import ffi

    @ffi.def_extern(error=-1)
    def add(x, y):
        return x + y

    @ffi.def_extern(error=-1)
    def compute():
        end = time.monotonic() + 3
        while time.monotonic() < end:
            pass
        return 0

    @ffi.def_extern(error=-1)
    def rest():
        time.sleep(1000)
        return 0

    @ffi.def_extern(error=-1)
    def hold():
        return ctypes.PyDLL(None).usleep(400000)

    @ffi.def_extern(error=-1)
    def start_thread():
        threading.Thread(target=compute, daemon=True).start()
        threading.Thread(target=rest, daemon=True).start()
        threading.Thread(target=rest).start()
        return 1
""")
ffi.compile()
