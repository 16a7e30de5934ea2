import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); int same_interpreter(int pid);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    import sys
    from plugin import ffi

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern()
    def same_interpreter(pid):
        return pid == os.getpid() and hasattr(sys, "a_mark_of_the_program")
""")
ffi.compile()
