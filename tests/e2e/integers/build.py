import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api)
ffi.set_source("plugin", "#include <stddef.h>\n#include <stdint.h>\n#include <sys/types.h>\n" + api)
ffi.embedding_init_code("""
    from plugin import ffi

    def identity(name):
        def same(x):
            print(name, type(x).__name__, x)
            return x
        ffi.def_extern(name=name)(same)

    for name in %r:
        identity(name)

    @ffi.def_extern()
    def sum10(*values):
        print(values)
        return sum(values)

    @ffi.def_extern()
    def nothing():
        return 7

    @ffi.def_extern()
    def only(x):
        print("only", x)
""" % [line.split("(")[0].split()[-1] for line in api.splitlines() if " same_" in line])
ffi.compile()
