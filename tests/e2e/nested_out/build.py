import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api.replace("#include <stddef.h>\n", ""))
ffi.set_source("plugin", api)
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def answer(r):
        text = b"hello, %s" % ffi.string(r.question)
        text = text[:r.room - 1]
        ffi.memmove(r.text, text + bytes(1), len(text) + 1)
        r.used = len(text) + 1
        r.values[0] = 1.5
        r.values[2] = 2.5
        if r.status:
            r.status.code = 42
            r.status.detail[1] = 7
        return len(text)

    @ffi.def_extern()
    def nodes(p, n, room):
        for i in range(n):
            room[i].value = i * 10
            room[i].next = p if i == 0 else room + i - 1
        return 1

    @ffi.def_extern()
    def split(words, text, n):
        words[0] = text
        words[1] = text + 3
        words[2] = ffi.NULL
        return 2
""")
ffi.compile()
