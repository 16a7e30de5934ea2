import cffi

builder = cffi.FFI()
builder.embedding_api("int add(int x, int y);")
builder.set_source("plugin", "")
builder.embedding_init_code("""
from plugin import ffi


@ffi.def_extern()
def add(x, y):
    return x + y
""")
builder.compile(verbose=True)
