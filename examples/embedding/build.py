"""A CFFI embedding script: it makes adder.so, a C library whose functions are written in Python.

    coil-stubgen build.py     Python runs in coil's daemon
    python3 build.py          the same script with CFFI itself: Python runs inside the program
"""
from cffi import FFI

ffibuilder = FFI()

ffibuilder.embedding_api("""
    int add(int x, int y);
    long python_process(void);
""")

ffibuilder.set_source("adder", "")

ffibuilder.embedding_init_code("""
    import os
    from adder import ffi

    @ffi.def_extern()
    def add(x, y):
        print("Python adds %d and %d" % (x, y), flush=True)
        return x + y

    @ffi.def_extern()
    def python_process():
        return os.getpid()
""")

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
