import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api.replace("#include <stddef.h>\n", ""))
ffi.set_source("plugin", api)
ffi.embedding_init_code("""
    from plugin import ffi

    def cells(m):
        return list(m.cells[0:m.rows * m.columns]) if m.cells else []

    @ffi.def_extern()
    def total(m):
        return sum(cells(m))

    @ffi.def_extern()
    def scale(m, by):
        for i in range(m.rows * m.columns):
            m.cells[i] *= by

    @ffi.def_extern()
    def by_value(m):
        m.rows = 0  # Python's own copy
        return sum(m.cells[0:4])

    @ffi.def_extern()
    def describe(s, to, size):
        text = b"%s: %d layers" % (ffi.string(s.title), s.layer_count)
        for i in range(s.layer_count):
            layer = s.layers[i]
            text += b"; %s %d" % (ffi.string(layer.name), sum(cells(layer.matrix)))
            if layer.mask:
                text += b" " + ffi.unpack(layer.mask.bits, layer.mask.count)
        text += b"; %d %d" % (sum(s.inner.left.cells[0:2]), s.inner.right.rows)
        ffi.memmove(to, text + bytes(1), len(text) + 1)
        return len(text)

    @ffi.def_extern()
    def change(s):
        s.layers[0].name[0] = b"F"
        s.layers[1].mask.bits[0] = b"1"
        s.layers[0].matrix.cells[1] = 70
        s.inner.left.cells[1] = 80
        s.title = s.title + 4
        s.layers[0].mask = s.layers[1].mask
        s.current = s.layers + 1
        return s.current.matrix.rows

    @ffi.def_extern()
    def current(s):
        return s.current

    @ffi.def_extern()
    def make(from_):
        return from_[0]

    @ffi.def_extern()
    def untouched(s):
        return s.layers[0].matrix.rows
""")
ffi.compile()
