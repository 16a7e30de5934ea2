"""Two functions of Python's statistics, for C."""
from cffi import FFI

ffibuilder = FFI()

ffibuilder.embedding_api("""
    double median(const double *values /* [counted_by(count)] */, size_t count);
    double deviation(const double *values /* [counted_by(count)] */, size_t count);
""")

ffibuilder.set_source("measures", "")

ffibuilder.embedding_init_code("""
    import statistics
    from measures import ffi

    @ffi.def_extern()
    def median(values, count):
        return statistics.median(ffi.unpack(values, count))

    @ffi.def_extern(error=-1.0)
    def deviation(values, count):
        return statistics.stdev(ffi.unpack(values, count))
""")

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
