import cffi

ffi = cffi.FFI()
ffi.cdef("""
    typedef int (*hook_t)(int);
    extern hook_t hook;
    extern hook_t table[3];
    struct config { hook_t on_start; int flags; };
    extern struct config config;
    int call_hook(int x);
    int call_table(int i, int x);
""")
ffi.embedding_api("""
    int set(int by);
    int use(int x);
    int clear(void);
""")
ffi.set_source("plugin", r"""
    #include <stddef.h>
    typedef int (*hook_t)(int);
    struct config { hook_t on_start; int flags; };
    CFFI_DLLEXPORT hook_t hook;
    CFFI_DLLEXPORT hook_t table[3];
    CFFI_DLLEXPORT struct config config;
    hook_t hook, table[3];
    struct config config;
    static int call_hook(int x) { return hook ? hook(x) : -1; }
    static int call_table(int i, int x) { return table[i](x); }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    kept = []

    @ffi.def_extern(error=-2)
    def set(by):
        print(lib.hook == ffi.NULL, lib.call_hook(0))
        callback = ffi.callback("int(int)", lambda x: x + by)
        kept.append(callback)
        lib.hook = callback
        print(lib.hook == callback, lib.hook(1), lib.call_hook(2))
        for i in range(3):
            kept.append(ffi.callback("int(int)", lambda x, i=i: x * 10 + i))
            lib.table[i] = kept[-1]
        print([lib.call_table(i, 4) for i in range(3)], [f(5) for f in lib.table])
        lib.config.on_start = callback
        lib.config.flags = 3
        return 0

    @ffi.def_extern(error=-2)
    def use(x):
        return lib.hook(x) + lib.table[1](x) + lib.config.on_start(x)

    @ffi.def_extern(error=-2)
    def clear():
        lib.hook = ffi.NULL
        return lib.call_hook(1)
""")
ffi.compile()
