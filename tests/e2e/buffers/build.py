import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api.replace("#include <stddef.h>\n#include <stdint.h>\n", ""))
ffi.set_source("plugin", api)
ffi.embedding_init_code("""
    from plugin import ffi

    def doubles(v, n):
        return list(v[0:n]) if v else []

    @ffi.def_extern(error=-1.0)
    def mean(v, n):
        return sum(doubles(v, n)) / n if v and n else 0.0

    @ffi.def_extern()
    def mean_inferred(v, n):
        return sum(doubles(v, n)) / n if v and n else 0.0

    @ffi.def_extern(error=-7)
    def scale(v, n, by):
        if not v:
            return -1
        for i in range(n):
            v[i] *= by
        return n

    @ffi.def_extern()
    def fill(v, cap, length):
        count = min(cap, 5)
        for i in range(count):
            v[i] = i * i + 0.5
        length[0] = count
        return 7 - count

    @ffi.def_extern()
    def even(v, n):
        good = [v[i] for i in range(n[0]) if v[i] % 2 == 0]
        for i, value in enumerate(good):
            v[i] = value
        n[0] = len(good)
        return len(good)

    @ffi.def_extern()
    def invert(pixels, w, h):
        memory = ffi.buffer(pixels, w * h * 3)
        memory[:] = bytes(255 - b for b in memory[:])
        return w * h

    @ffi.def_extern()
    def transpose(a, b, rows, columns):
        for i in range(rows):
            for j in range(columns):
                b[j * rows + i] = a[i * columns + j]
        return 0

    @ffi.def_extern()
    def reverse_bytes(data, n):
        memory = ffi.buffer(data, n * ffi.sizeof("struct point"))
        memory[:] = memory[:][::-1]
        return len(memory)

    @ffi.def_extern()
    def copy_bytes(source, target, size):
        ffi.memmove(target, source, size)
        return size

    @ffi.def_extern()
    def shift(source, target, n):
        # What they share is shared here, too.
        for i in range(n):
            target[i] = source[i] + 100
        return target - source if source and target else 0

    @ffi.def_extern()
    def rename_all(r, n):
        for i in range(n):
            r[i].name = ffi.string(r[i].name).upper()
            r[i].value += i
        return n

    @ffi.def_extern()
    def divide(a, b, quotient, remainder):
        if quotient:
            quotient[0] = a // b
        if remainder:
            remainder[0] = a % b
        return 0

    @ffi.def_extern()
    def bump(value):
        if not value:
            return -1
        value[0] += 1
        return value[0]

    @ffi.def_extern()
    def corner(p, box):
        p.x = min(box[0].x, box[1].x)
        p.y = min(box[0].y, box[1].y)
        return 0

    @ffi.def_extern()
    def name_of(id, name, cap):
        text = b"item %d" % id
        if len(text) >= cap:
            return -1
        ffi.memmove(name, text + bytes(1), len(text) + 1)
        return len(text)

    @ffi.def_extern()
    def upper(text, length):
        new = ffi.string(text)[:length].upper()
        ffi.memmove(text, new, len(new))
        return len(new)

    @ffi.def_extern()
    def identity(p, q):
        return int(ffi.cast("intptr_t", p)) + int(ffi.cast("intptr_t", q))

    @ffi.def_extern(error=-5)
    def touch(v, n):
        return v[0][0] + v[n - 1][0] if v and n else 0

    @ffi.def_extern()
    def signs(v, n):
        return sum(v[i] for i in range(n // 2 + 1))
""")
ffi.compile()
