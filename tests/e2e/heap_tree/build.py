import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api.replace("extern ", ""))
ffi.set_source("plugin", '#include "api.h"')
ffi.embedding_init_code("""
    from plugin import ffi

    kept = []

    def keep(*arguments):
        kept.append(ffi.new(*arguments))
        return kept[-1]

    def make(depth, path):
        if depth == 0:
            return ffi.NULL
        return keep("struct tree *", (make(depth - 1, path + "l"), make(depth - 1, path + "r"),
                                      keep("char[]", path.encode()), depth))

    def walk(tree):
        if tree:
            yield tree
            yield from walk(tree.left)
            yield from walk(tree.right)

    @ffi.def_extern()
    def grow(depth):
        kept.clear()
        return make(depth, "t")

    @ffi.def_extern(error=-1)
    def sum(root):
        total = 0
        for tree in walk(root):
            total += tree.value
        return total

    @ffi.def_extern(error=-1)
    def names(root):
        total = 0
        for tree in walk(root):
            total += len(ffi.string(tree.name))
        return total

    @ffi.def_extern(error=-1)
    def mirror(root):
        n = 0
        for tree in list(walk(root)):
            tree.left, tree.right = tree.right, tree.left
            n += 1
        return n

    @ffi.def_extern()
    def shout(root):
        for tree in walk(root):
            tree.name = keep("char[]", ffi.string(tree.name).upper() + b"!")
        return root
""")
ffi.compile()
