import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api)
ffi.set_source("plugin", api)
ffi.embedding_init_code("""
    from plugin import ffi

    kept = []

    def keep(*arguments):
        kept.append(ffi.new(*arguments))
        return kept[-1]

    @ffi.def_extern()
    def describe(id, text, where):
        if id < 0:
            text[0] = ffi.NULL
            where[0] = ffi.NULL
            return -1
        text[0] = keep("char[]", b"number %d" % id)
        where[0] = keep("struct point *", (id, id * id))
        return 0

    @ffi.def_extern()
    def lookup(name, result):
        result.name = keep("char[]", ffi.string(name).upper())
        result.where = keep("struct point *", (len(result.name[0:3]), 5))
        result.next = keep("struct found *", (keep("char[]", b"next"),))
        return 1

    @ffi.def_extern()
    def append(list, name):
        while list.next:
            list = list.next
        list.next = keep("struct found *", (keep("char[]", ffi.string(name)), keep("struct point *", (1, 1))))

    @ffi.def_extern()
    def swap(a, b):
        a[0], b[0] = b[0], a[0]
        return 0 if a[0] == ffi.NULL else len(ffi.string(a[0]))
""")
ffi.compile()
