import cffi

ffi = cffi.FFI()
ffi.cdef("int tell(int x);")
ffi.embedding_api("""
    int count(void);
    int python_pid(void);
    int variable(const char *name, char *value /* [out, sized_by(cap)] */, int cap);
    int folder(char *value /* [out, sized_by(cap)] */, int cap);
    int anywhere(void);
    int closing(const char *path);
    void oneway(int x) /* [oneway] */;
""")
ffi.set_source("plugin", """
    CFFI_DLLEXPORT int tell(int x);
    CFFI_DLLEXPORT int tell(int x) { return x + 1; }
""")
ffi.embedding_init_code("""
    import coil
    import os
    import threading
    from plugin import ffi, lib

    print("init code")
    calls = 0

    @ffi.def_extern()
    def count():
        global calls
        calls += 1
        return calls

    @ffi.def_extern()
    def python_pid():
        return os.getpid()

    def give(text, value):
        text = text.encode()
        value[0:len(text)] = text
        return len(text)

    @ffi.def_extern(error=-1)
    def variable(name, value, cap):
        return give(os.environ.get(ffi.string(name).decode(), "none"), value)

    @ffi.def_extern(error=-1)
    def folder(value, cap):
        return give(os.getcwd(), value)

    @ffi.def_extern(error=-1)
    def anywhere():
        # Outside of all calls the one program is meant.
        found = []
        thread = threading.Thread(target=lambda: found.extend([lib.tell(1), coil.peer(), coil.cwd() == os.getcwd()]))
        thread.start()
        thread.join()
        return found == [2, coil.peer(), True]

    @ffi.def_extern(error=-1)
    def closing(path):
        path = ffi.string(path).decode()

        @coil.current().on_close
        def note():
            with open(path, "w") as file:
                file.write("closed")

        return 1

    @ffi.def_extern()
    def oneway(x):
        print("one-way", lib.tell(x))
""")
ffi.compile()
