import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api)
ffi.set_source("plugin", api + "struct raw_state { int value; struct raw_state *next; };\n")
ffi.cdef("struct raw_state { int value; struct raw_state *next; };")    # the program knows nothing of it
ffi.embedding_init_code("""
    from plugin import ffi

    contexts = {}

    class Context:
        def __init__(self, name):
            self.name = ffi.new("char[]", name)
            self.total = 0

    def context(c):
        return ffi.from_handle(ffi.cast("void *", c))

    @ffi.def_extern()
    def ctx_new(name):
        c = Context(ffi.string(name))
        c.handle = ffi.new_handle(c)
        contexts[c.handle] = c
        return ffi.cast("ctx *", c.handle)

    @ffi.def_extern()
    def ctx_use(c, add):
        context(c).total += add
        return context(c).total

    @ffi.def_extern()
    def ctx_name(c):
        return context(c).name

    @ffi.def_extern()
    def ctx_same(c):
        return c

    @ffi.def_extern()
    def ctx_free(c):
        del contexts[ffi.cast("void *", c)]

    states = {}

    @ffi.def_extern()
    def raw_new(start):
        state = ffi.new("struct raw_state *", {"value": start})
        state.next = state
        raw = ffi.cast("raw *", state)
        states[raw] = state
        return raw

    @ffi.def_extern()
    def raw_use(raw):
        state = ffi.cast("struct raw_state *", raw)
        state.next.value += 1
        return state.value

    @ffi.def_extern()
    def raw_free(raw):
        del states[raw]

    @ffi.def_extern()
    def python_has():
        return len(contexts) + len(states)
""")
ffi.compile()
