import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    size_t address(void *p);
    long sum(const long *v /* [counted_by(n)] */, size_t n);
    void fill(unsigned char *data /* [inout, sized_by(size)] */, size_t size, int value);
    int handshake(volatile int *flags /* [inout, counted_by(2)] */);
    void *middle(char *text);
    int zeros(const unsigned char *data /* [sized_by(size)] */, size_t size);
""".replace("volatile ", ""))
ffi.set_source("plugin", "#include <stddef.h>")
ffi.embedding_init_code("""
    import builtins, time
    from plugin import ffi

    kept = []

    @ffi.def_extern()
    def address(p):
        return int(ffi.cast("uintptr_t", p))

    @ffi.def_extern()
    def sum(v, n):
        kept[:] = [v]
        return builtins.sum(v[0:n])

    @ffi.def_extern()
    def fill(data, size, value):
        ffi.buffer(data, size)[:] = bytes([value]) * size
        if kept:
            kept[0][0] += 1  # an array of an earlier call: the program's own

    @ffi.def_extern()
    def handshake(flags):
        flags[0] = 1
        end = time.monotonic() + 10
        while flags[1] != 2:
            if time.monotonic() > end:
                return -1
        flags[0] = 3
        return 7

    @ffi.def_extern()
    def middle(text):
        return text + 3

    @ffi.def_extern()
    def zeros(data, size):
        return ffi.buffer(data, size)[:] == bytes(size)
""")
ffi.compile()
