import cffi

ffi = cffi.FFI()
ffi.embedding_api("int one(int x); int one_pid(void);")
ffi.set_source("one", "")
ffi.embedding_init_code("""
    import os
    import sys
    import types
    from one import ffi

    shared = sys.modules.setdefault("shared_by_both", types.ModuleType("shared_by_both"))
    shared.greeting = "from one"

    @ffi.def_extern()
    def one(x):
        return x + 1

    @ffi.def_extern()
    def one_pid():
        return os.getpid()
""")
ffi.compile()
