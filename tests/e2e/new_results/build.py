import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api)
ffi.set_source("plugin", api)
ffi.embedding_init_code("""
    from plugin import ffi
    import weakref

    kept = {}

    def keep(name, value):
        kept[name] = value
        return value

    @ffi.def_extern()
    def greet(name):
        return keep("greet", ffi.new("char[]", b"hello, " + ffi.string(name)))

    @ffi.def_extern()
    def label(n):
        return keep("label", ffi.new("char[]", b"label %d" % n))

    @ffi.def_extern()
    def make_point(x, y):
        return keep("point", ffi.new("struct point *", {"x": x, "y": y}))

    @ffi.def_extern()
    def make_list(n):
        nodes = []
        head = ffi.NULL
        for i in range(n):
            name = ffi.new("char[]", b"node %d" % i)
            node = ffi.new("struct node *", [head, i, name])
            nodes += [name, node]
            head = node
        keep("list", nodes)
        return head

    @ffi.def_extern()
    def make_record(n):
        corner = ffi.new("struct point *", (n, -n))
        record = ffi.new("struct record *", {"n": n, "values": [n / 2.0] * 3, "tag": b"rec", "corner": corner})
        keep("record", (record, corner))
        return record

    @ffi.def_extern()
    def count_up(n):
        return keep("count_up", ffi.new("int[]", list(range(n))))

    @ffi.def_extern()
    def halves(n):
        array = ffi.new("double[]", n)
        for i in range(n):
            assert array[i] == 0
            array[i] = i / 2
        return keep("halves", array)

    @ffi.def_extern()
    def make_number(i):
        return keep("number", ffi.new("union number *", {"i": i}))

    @ffi.def_extern()
    def raw(size):
        memory = ffi.new_allocator(should_clear_after_alloc=False)("char[]", size)
        ffi.memmove(memory, b"raw memory\\0", 11)
        return keep("raw", memory)

    @ffi.def_extern()
    def words(n):
        texts = [ffi.new("char[]", b"word %d" % i) for i in range(n)]
        array = ffi.new("char *[]", texts)
        keep("words", (texts, array))
        return array

    @ffi.def_extern()
    def none():
        return ffi.NULL

    @ffi.def_extern()
    def by_value(n):
        corner = ffi.new("struct point *", (n, n))
        keep("by value", corner)
        return {"n": n, "tag": b"value", "corner": corner}

    # What ffi.new() gives is CFFI's, whatever lies behind it.
    one = ffi.new("int *", 5)
    assert ffi.typeof(one) is ffi.typeof("int *") and one[0] == 5 and ffi.sizeof(one[0:1]) == 4
    array = ffi.new("int[5]", [1, 2])
    assert len(array) == 5 and list(array) == [1, 2, 0, 0, 0] and ffi.sizeof(array) == 20
    text = ffi.new("char[]", b"abc")
    assert len(text) == 4 and ffi.string(text) == b"abc" and ffi.buffer(text)[:] == b"abc\\0"
    wide = ffi.new("wchar_t[]", "h\\u00e9")
    assert ffi.string(wide) == "h\\u00e9"
    record = ffi.new("struct record *")
    assert record.n == 0 and record.corner == ffi.NULL and list(record.values) == [0, 0, 0, 0]
    reference = weakref.ref(text)
    assert reference() is text
    del text
    assert reference() is None
    with ffi.new("int[]", 3) as managed:
        managed[2] = 1
    released = ffi.new("struct point *")
    ffi.release(released)
    gone = []
    collected = ffi.gc(ffi.new("int *", 7), lambda p: gone.append(p[0]))
    del collected
    assert gone == [7]
    struct = ffi.new("struct point *", [1, 2])[0]     # keeps the memory alive
    assert (struct.x, struct.y) == (1, 2)
    array = ffi.new("struct point[2]", [{"x": 1}, {"y": 2}])
    assert array[1].y == 2 and ffi.addressof(array, 1) == array + 1
    for cdecl, error in (("int", TypeError), ("int[]", TypeError), ("struct missing *", ffi.error)):
        try:
            ffi.new(cdecl)
        except error:
            pass
        else:
            raise AssertionError(cdecl)
    allocated = []
    mine = ffi.new_allocator(lambda size: allocated.append(ffi.gc(ffi.new("char[]", size), lambda p: None)) or
                             allocated[-1], lambda p: allocated.append(None))
    number = mine("int *", 3)
    assert number[0] == 3 and len(allocated) == 1
    del number
    assert allocated[1] is None
""")
ffi.compile()
