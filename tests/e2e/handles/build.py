import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api)
ffi.set_source("plugin", api)
ffi.embedding_init_code("""
    import gc
    import weakref
    from plugin import ffi

    class Counter:
        def __init__(self, name):
            self.name = ffi.new("char[]", name)
            self.n = 0

        def add(self, n):
            self.n += n
            return self.n

    handles = {}
    counters = weakref.WeakSet()

    @ffi.def_extern()
    def counter_new(name):
        counter = Counter(ffi.string(name))
        counters.add(counter)
        handle = ffi.new_handle(counter)
        assert ffi.from_handle(handle) is counter
        handles[handle] = handle        # a pointer is equal to itself when it comes back
        return handle

    @ffi.def_extern()
    def counter_add(handle, n):
        return ffi.from_handle(handle).add(n)

    @ffi.def_extern()
    def counter_name(handle):
        return ffi.from_handle(handle).name

    @ffi.def_extern()
    def counter_free(handle):
        del handles[handle]

    @ffi.def_extern()
    def counters_alive():
        gc.collect()
        return len(counters)

    @ffi.def_extern()
    def items_add(items, n):
        return sum(ffi.from_handle(items[i].user).add(items[i].n) for i in range(n))

    @ffi.def_extern()
    def same(handle):
        return ffi.new_handle(None) if handle == ffi.NULL else handle

    # An object that keeps its own handle is garbage like any other.
    class Knot:
        def __init__(self):
            self.handle = ffi.new_handle(self)

    knot = Knot()
    assert ffi.from_handle(knot.handle) is knot
    assert ffi.from_handle(ffi.cast("void *", knot.handle)) is knot
    assert ffi.typeof(knot.handle) is ffi.typeof("void *")
    reference = weakref.ref(knot)
    del knot
    gc.collect()
    assert reference() is None

    # As many as one likes; they are all different.
    many = [ffi.new_handle(i) for i in range(1000)]
    assert len(set(many)) == 1000 and [ffi.from_handle(h) for h in many] == list(range(1000))
    try:
        ffi.from_handle(ffi.NULL)
    except RuntimeError as error:
        assert "NULL" in str(error)
    try:
        ffi.from_handle(5)
    except TypeError:
        pass
""")
ffi.compile()
