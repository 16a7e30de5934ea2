import cffi

ffi = cffi.FFI()
ffi.embedding_api("void start(void); int ticks(void); void stop(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import threading
    import time
    from plugin import ffi

    running, count = threading.Event(), 0

    def tick():
        global count
        while running.is_set():
            count += 1
            time.sleep(0.002)

    @ffi.def_extern()
    def start():
        global thread, count
        count = 0
        running.set()
        thread = threading.Thread(target=tick, daemon=True)
        thread.start()

    @ffi.def_extern()
    def ticks():
        return count

    @ffi.def_extern()
    def stop():
        running.clear()
        thread.join()
""")
ffi.compile()
