import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int length(const char *text);
    int upper(char *text);
    int both(const char *a, char *b, const char *c);
    size_t big(const char *text);
    size_t big_inout(char *text);
    int shorten(char *text);
""")
ffi.set_source("plugin", "#include <stddef.h>")
ffi.embedding_init_code(r"""
    from plugin import ffi

    @ffi.def_extern()
    def length(text):
        if text == ffi.NULL:
            print("NULL")
            return -1
        print(ffi.typeof(text).kind, ffi.string(text))
        return len(ffi.string(text))

    @ffi.def_extern()
    def upper(text):
        if not text:
            return -1
        old = ffi.string(text)
        ffi.memmove(text, old.upper(), len(old))
        return len(old)

    @ffi.def_extern()
    def both(a, b, c):
        b[0] = a[0]
        b[1] = c[0]
        return 2

    @ffi.def_extern()
    def big(text):
        data = ffi.string(text)
        return len(data) if data == b"m" * len(data) else 0

    @ffi.def_extern()
    def big_inout(text):
        size = len(ffi.string(text))
        ffi.buffer(text, size)[size // 2:] = b"n" * (size - size // 2)
        return size

    @ffi.def_extern()
    def shorten(text):
        text[2] = b"\0"
        return 0
""")
ffi.compile()
