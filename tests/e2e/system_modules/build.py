import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int add(int x, int y);
    int led_astray(void);
    long generation(void);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi
    import os
    import sys

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern()
    def led_astray():
        signs = [sys.executable, os.getcwd(), *sys.path, *sys.modules, *os.environ.values()]
        return sum("astray" in sign for sign in signs)

    @ffi.def_extern()
    def generation():
        return os.getpid()
""")
ffi.compile()
