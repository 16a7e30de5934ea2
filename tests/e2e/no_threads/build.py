import cffi

ffi = cffi.FFI()
ffi.cdef("int plus(int x);")
ffi.embedding_api("int ask(int x); int from_thread(int x); int use(int (*f)(int), int x);")
ffi.set_source("plugin", "static int plus(int x) { return x + 1; }")
ffi.embedding_init_code("""
    import coil
    import threading
    from plugin import ffi, lib

    @ffi.def_extern()
    def ask(x):
        return lib.plus(x)

    @ffi.def_extern()
    def use(f, x):
        return f(x)

    @ffi.def_extern(error=-1)
    def from_thread(x):
        session, result = coil.current(), []

        def main():
            with session:
                result.append(lib.plus(x))

        thread = threading.Thread(target=main)
        thread.start()
        thread.join()
        return result[0]
""")
ffi.compile()
