import cffi

ffi = cffi.FFI()
with open("api.h") as file:
    api = file.read()
ffi.embedding_api(api)
ffi.set_source("plugin", "#include <uchar.h>\n#include <wchar.h>\n" + api)
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    def identity(name):
        def same(x):
            print(name, type(x).__name__, ascii(x))
            return x
        ffi.def_extern(name=name)(same)

    for name in ("same_bool", "same_char", "same_wchar", "same_char16", "same_char32", "same_color", "same_wide"):
        identity(name)

    @ffi.def_extern()
    def opposite(which):
        print(lib.RED, lib.GREEN, lib.BLUE, lib.SMALL, lib.LARGE)
        print(ffi.string(ffi.cast("color", 7)), sorted(ffi.typeof("color").relements.items()))
        return [lib.RED, lib.GREEN, lib.BLUE][which]
""")
ffi.compile()
