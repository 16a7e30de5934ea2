import cffi

ffi = cffi.FFI()
ffi.embedding_api("double pool(const char *method); double sub(void); int add(int x, int y);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import math
    import multiprocessing
    import os
    import subprocess
    import sys
    from plugin import ffi

    @ffi.def_extern(error=-1)
    def pool(method):
        context = multiprocessing.get_context(ffi.string(method).decode())
        with context.Pool(2) as workers:
            values = workers.map(math.sqrt, [1.0, 4.0, 9.0, 16.0])
        return sum(values)

    @ffi.def_extern(error=-1)
    def sub():
        out = subprocess.run([sys.executable, "-c", "print(40 + 2)"], stdout=subprocess.PIPE, check=True,
                             preexec_fn=lambda: None).stdout
        return float(out) + os.system("exit 0")

    @ffi.def_extern(error=-1)
    def add(x, y):
        return x + y
""")
ffi.compile()
