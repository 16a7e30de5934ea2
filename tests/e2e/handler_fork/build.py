import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y); int forks(int how);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    import time
    from plugin import ffi

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern()
    def forks(how):
        pid = os.fork()
        if pid == 0:
            print("a child's words go to the log")
            if how == 0:
                os._exit(0)
            return 13
        os.waitpid(pid, 0)
        print("parent")
        return 1
""")
ffi.compile()
