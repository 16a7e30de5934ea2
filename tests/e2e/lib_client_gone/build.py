import cffi

ffi = cffi.FFI()
ffi.cdef("void wait_for_ever(void); int plain(int x);")
ffi.embedding_api("int run(const char *path); int ask(void);")
ffi.set_source("plugin", r"""
    #include <unistd.h>
    static int plain(int x) { return x; }
    static void wait_for_ever(void) { for (;;) pause(); }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    @ffi.def_extern()
    def run(path):
        path = ffi.string(path).decode()
        with open(path, "w") as file:
            file.write("waits\n")
        with open(path, "a") as file:
            for call in lib.wait_for_ever, lambda: lib.plain(1):
                try:
                    call()
                except Exception as error:
                    file.write("%s.%s: %s\n" % (type(error).__module__, type(error).__name__, error))
            file.write("end\n")
        return 0

    @ffi.def_extern()
    def ask():
        return lib.plain(12)
""")
ffi.compile()
