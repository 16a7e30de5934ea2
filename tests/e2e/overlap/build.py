import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api.replace("#include <stddef.h>\n", ""))
ffi.set_source("plugin", api)
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def shift(source, target, n):
        for i in range(n):
            target[i] = source[i] + 100
        return target - source

    @ffi.def_extern()
    def within(all, n, one):
        one.x += 1
        all[n - 1].y = 50
        return one - all

    @ffi.def_extern()
    def tree(t):
        t.numbers[1] = 11
        t.tail[0] += t.numbers[2]
        t.text[0] = b"T"
        t.self.count += 1
        return (t.tail - t.numbers) * 10 + (t.self == t)

    @ffi.def_extern()
    def three(a, b, c):
        b[0] = b"1"
        return (b - a) * 100 + (c - b)

    @ffi.def_extern()
    def apart(begin, n, end):
        return end - begin
""")
ffi.compile()
