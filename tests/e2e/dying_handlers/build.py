import cffi

ffi = cffi.FFI()
ffi.embedding_api("int die(const char *how); int add(int x, int y); int pid(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import ctypes
    import os
    import resource
    import signal
    import sys
    import threading
    import time
    from plugin import ffi

    def deep(n):
        return deep(n + 1) + 1

    def limit():
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (200 << 20), resource.RLIM_INFINITY))

    def allocate():
        limit()
        pieces = []
        while True:
            pieces.append(bytearray(1 << 20))

    def allocate_in_c():
        limit()
        libc = ctypes.CDLL(None)
        libc.malloc.restype = ctypes.c_void_p
        while True:
            at = libc.malloc(ctypes.c_size_t(1 << 20))
            ctypes.memset(at, 1, 1 << 20)  # nobody has looked whether it is NULL

    def kill(number):
        os.kill(os.getpid(), number)
        time.sleep(10)

    def of_a_thread():
        threading.Thread(target=ctypes.string_at, args=(0,)).start()
        time.sleep(10)

    ways = {
        "segfault": lambda: ctypes.string_at(0),
        "abort": os.abort,
        "os._exit(3)": lambda: os._exit(3),
        "exit(4) in C": lambda: ctypes.CDLL(None).exit(4),
        "sys.exit(5)": lambda: sys.exit(5),
        "stack overflow in C": lambda: ctypes.CDLL(os.environ.get("NOBODY") or library).overflow(1),
        "endless recursion": lambda: deep(0),
        "bytearray(1 << 60)": lambda: bytearray(1 << 60),
        "allocating for ever": allocate,
        "allocating for ever in C": allocate_in_c,
        "kill -9 itself": lambda: kill(signal.SIGKILL),
        "SIGTERM to itself": lambda: kill(signal.SIGTERM),
        "a fault in a Python thread": of_a_thread,
        "division by zero in C": lambda: kill(signal.SIGFPE),
    }

    @ffi.def_extern(error=-1)
    def die(how):
        global library
        way, _, library = ffi.string(how).decode().partition("|")
        ways[way]()
        return 0

    @ffi.def_extern(error=-2)
    def add(x, y):
        return x + y

    @ffi.def_extern(error=-3)
    def pid():
        return os.getpid()
""")
ffi.compile()
