import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api.replace("#include <stddef.h>\n", ""))
ffi.set_source("plugin", api)
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern(error=-1.5)
    def mean(v, n):
        return 0.0 if not v or not n else sum(v[0:n]) / n

    @ffi.def_extern(error=-2)
    def total(v, n):
        return sum(v[0:n[0]]) if n and n[0] else 0

    @ffi.def_extern(error=-3)
    def area(v, w, h):
        return w * h

    @ffi.def_extern(error=-4)
    def part(v, n, by):
        return n // by - 1

    @ffi.def_extern(error=-5)
    def bytes(v, n):
        return n if n < 1000 else -1

    def sum_of(row):
        return sum(row.cells[0:row.n]) if row.cells else 0.0

    @ffi.def_extern(error=-6)
    def rows(row):
        total = 0.0
        while row:
            total += sum_of(row)
            row = row.next
        return total

    @ffi.def_extern(error=-7)
    def row_itself(row):
        return sum_of(row)

    @ffi.def_extern()
    def nothing(v, n):
        v[0] = 5.0
""")
ffi.compile()
