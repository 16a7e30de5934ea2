import cffi

builder = cffi.FFI()
builder.embedding_api("int plain(int ms);")
builder.set_source("plain", "")
builder.embedding_init_code("""
import sys
import time

from plain import ffi


@ffi.def_extern(error=-1)
def plain(ms):
    time.sleep(ms / 1000)
    return 1 if sys.executable.startswith("/usr/bin/") else 2
""")
builder.compile(verbose=True)
