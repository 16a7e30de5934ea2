import cffi

builder = cffi.FFI()
builder.embedding_api("int guarded(int ms);")
builder.set_source("guarded", "")
builder.embedding_init_code("""
import sys
import time

from guarded import ffi


@ffi.def_extern(error=-1)
def guarded(ms):
    time.sleep(ms / 1000)
    return 1 if sys.executable.startswith("/usr/bin/") else 2
""")
builder.compile(verbose=True)
