import cffi

ffi = cffi.FFI()
ffi.cdef("int call_back(int count);")
ffi.embedding_api("""
    void note(int x) /* [oneway] */;
    int ask(int count);
    int last(void);
    int notes(void);
""")
ffi.set_source("plugin", """
    extern CFFI_DLLEXPORT void note(int x);
    extern CFFI_DLLEXPORT int last(void);
    CFFI_DLLEXPORT int call_back(int count);
    CFFI_DLLEXPORT int call_back(int count)
    {
        int wrong = 0;
        for (int i = 0; i < count; i++) {
            note(i);
            if (i % 100 == 99)
                wrong += last() != i;
        }
        return wrong;
    }
""")
ffi.embedding_init_code("""
    from plugin import ffi, lib

    noted = []

    @ffi.def_extern()
    def note(x):
        noted.append(x)
        if x % 10 == 0:
            print("note", x)

    @ffi.def_extern(error=-1)
    def ask(count):
        result = 0
        for i in range(3):
            result += lib.call_back(count)
            result += lib.call_back(0)
        return result

    @ffi.def_extern()
    def last():
        return noted[-1]

    @ffi.def_extern()
    def notes():
        count = len(noted)
        noted.clear()
        return count
""")
ffi.compile()
