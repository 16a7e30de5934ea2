import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api.replace("#include <stddef.h>\n", ""))
ffi.set_source("plugin", api)
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def arguments(s, text, v, n, o, words, p):
        return sum(1 << i for i, pointer in enumerate((s, text, v, o, words, p)) if pointer == ffi.NULL)

    @ffi.def_extern()
    def fields(s):
        fields = (s.next, s.text, s.v, s.o, s.words, s.user, s.pair.a, s.pair.b)
        return sum(1 << i for i, pointer in enumerate(fields) if pointer == ffi.NULL)

    @ffi.def_extern()
    def clear(s):
        s.next = s.text = s.v = s.o = s.words = s.user = s.pair.a = s.pair.b = ffi.NULL
        return 1

    @ffi.def_extern()
    def by_value(s):
        return fields(s)

    @ffi.def_extern()
    def nothing(s):
        return ffi.NULL

    @ffi.def_extern()
    def empty(v, n):
        return v != ffi.NULL
""")
ffi.compile()
