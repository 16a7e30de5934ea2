import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api)
ffi.set_source("plugin", api)
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern()
    def swapped(p):
        print(ffi.typeof(p), p.x, p.y)
        return {"x": int(p.y), "y": float(p.x)}

    @ffi.def_extern()
    def next_tiny(t):
        result = ffi.new("struct tiny *")
        result.c = bytes([t.c[0] + 1])
        return result[0]

    @ffi.def_extern()
    def reversed(l, scale):
        result = ffi.new("struct line *")
        getattr(result, "from").x = l.to.x * scale
        getattr(result, "from").y = l.to.y * scale
        result.to = getattr(l, "from")
        result.weights = [weight * scale for weight in l.weights]
        return result[0]

    @ffi.def_extern()
    def doubled(n):
        result = ffi.new("union number *")
        result.i = n.i * 2
        return result[0]

    @ffi.def_extern()
    def retagged(t):
        # A struct argument may be changed: it is Python's.
        if t.kind == 1:
            t.kind = 2
            t.d = t.i + 0.5
        t.pair.a, t.pair.b = t.pair.b, t.pair.a
        return t

    @ffi.def_extern()
    def flipped(b):
        print(b.low, b.middle, b.high)
        b.middle = -b.middle
        b.low = 7 - b.low
        return b

    @ffi.def_extern()
    def held(h):
        return {"address": h.address, "age": h.age + 1}

    @ffi.def_extern()
    def length2(a, b):
        return (a.x - b.x) ** 2 + (a.y - b.y) ** 2

    @ffi.def_extern()
    def from_dict(x):
        return {"x": x}

    @ffi.def_extern()
    def from_list(x):
        return [x, x / 2]

    @ffi.def_extern()
    def kept(which, p):
        return p
""")
ffi.compile()
