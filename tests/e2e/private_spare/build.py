import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int worker(void);
    int count(void);
    int look(const char *what, char *value /* [out, sized_by(cap)] */, int cap);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import ctypes
    import os
    import sys
    from plugin import ffi

    calls = 0
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_char_p

    @ffi.def_extern(error=-1)
    def worker():
        return os.getpid()

    @ffi.def_extern(error=-1)
    def count():
        global calls
        calls += 1
        return calls

    looks = {
        "folder": os.getcwd,
        "c": lambda: (libc.getenv(b"_") or b"none").decode(),
        "python": lambda: os.environ.get("_", "none"),
        "gone": lambda: os.environ.get("LINES", "none") + ("" if libc.getenv(b"LINES") else " none"),
        "name": lambda: os.environ.get("NAME", "none"),
        "custom": lambda: str(getattr(sys, "custom", "none")),
        "package": lambda: str(__import__("late_package").VALUE),
    }

    @ffi.def_extern(error=-1)
    def look(what, value, cap):
        text = looks[ffi.string(what).decode()]().encode()
        value[0:len(text)] = text
        return len(text)
""")
ffi.compile()
