from plugin import ffi


@ffi.def_extern()
def add(x, y):
    return x + y
