import cffi

ffi = cffi.FFI()
ffi.cdef("int tell(int x);")
ffi.embedding_api("""
    int in_handler(const char *path);
    int in_thread(const char *path);
    void in_oneway(const char *path) /* [oneway] */;
    int ready(void);
""")
ffi.set_source("plugin", """
    CFFI_DLLEXPORT int tell(int x);
    CFFI_DLLEXPORT int tell(int x) { return x; }
""")
ffi.embedding_init_code("""
    import coil
    import threading
    import time
    from plugin import ffi, lib

    def use(path):
        try:
            for i in range(3000):
                lib.tell(i)
                time.sleep(0.01)
            word = "never"
        except coil.ClientGone as error:
            word = "ClientGone %s" % error
        except BaseException as error:
            word = repr(error)
        with open(path, "a") as file:
            print(word, file=file)

    @ffi.def_extern(error=-1)
    def in_handler(path):
        use(ffi.string(path).decode())
        return 1

    @ffi.def_extern(error=-1)
    def in_thread(path):
        path = ffi.string(path).decode()
        session = coil.current()

        def run():
            with session:
                use(path)

        threading.Thread(target=run).start()
        return 1

    @ffi.def_extern()
    def in_oneway(path):
        use(ffi.string(path).decode())

    @ffi.def_extern()
    def ready():
        return 1
""")
ffi.compile()
