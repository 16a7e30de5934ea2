import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    long sum(const unsigned char *data /* [in, counted_by(n)] */, size_t n);
    int mark(unsigned char *data /* [inout, counted_by(n)] */, size_t n);
    int fill(unsigned char *data /* [out, counted_by(n)] */, size_t n, int value);
    int both(const unsigned char *from /* [in, counted_by(n)] */, unsigned char *to /* [out, counted_by(n)] */, size_t n);
""")
ffi.set_source("plugin", "#include <stddef.h>")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def sum(data, n):
        memory = ffi.buffer(data, n)
        return memory[0:1][0] + memory[n // 2:n // 2 + 1][0] + memory[n - 1:n][0]

    @ffi.def_extern()
    def mark(data, n):
        for i in range(0, n, n // 10):
            data[i] = 100
        data[n - 1] += 1
        return 1

    @ffi.def_extern()
    def fill(data, n, value):
        ffi.memmove(data, bytes([value]) * n, n)
        return 2

    @ffi.def_extern()
    def both(source, target, n):
        ffi.memmove(target, source, n)
        return 3
""")
ffi.compile()
