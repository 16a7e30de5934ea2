"""Numbers of any size, which C has not got."""
from cffi import FFI

ffibuilder = FFI()

ffibuilder.embedding_api("""
    int digit_sum_of_factorial(int n);
""")

ffibuilder.set_source("digits", "")

ffibuilder.embedding_init_code("""
    import math
    from digits import ffi

    @ffi.def_extern(error=-1)
    def digit_sum_of_factorial(n):
        return sum(map(int, str(math.factorial(n))))
""")

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
