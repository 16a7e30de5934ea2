import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    typedef char *(*namer)(int n);
    namer get_namer(int which);
    int alive(void);
""")
ffi.set_source("plugin", "typedef char *(*namer)(int n);")
ffi.embedding_init_code("""
    import weakref
    from plugin import ffi

    results = weakref.WeakSet()

    def make(prefix):
        @ffi.callback("char *(int)")
        def name(n):
            result = ffi.new("char[]", b"%s %d" % (prefix, n))
            results.add(result)
            return result
        return name

    namers = [make(b"first"), make(b"second")]

    @ffi.def_extern()
    def get_namer(which):
        return namers[which]

    @ffi.def_extern()
    def alive():
        return len(results)
""")
ffi.compile()
