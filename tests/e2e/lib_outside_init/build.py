import cffi

ffi = cffi.FFI()
ffi.cdef("int plain(int x);")
ffi.embedding_api("int run(void);")
ffi.set_source("plugin", "static int plain(int x) { return x + 1; }")
ffi.embedding_init_code(r"""
    import threading
    from plugin import ffi, lib

    # A module whose init code uses the program has a Python that is this program's alone: all threads may use lib.
    first = lib.plain(1)
    results = []
    thread = threading.Thread(target=lambda: results.append(lib.plain(results[0])))

    @ffi.def_extern()
    def run():
        results.append(first)
        thread.start()
        thread.join()
        return results[1]
""")
ffi.compile()
