import cffi

builder = cffi.FFI()
builder.embedding_api("int work(int ms); void note(int x) /* [oneway] */;")
builder.set_source("counted", "")
builder.embedding_init_code("""
import os
import time

from counted import ffi


@ffi.def_extern(error=-1)
def work(ms):
    if ms < 0:
        raise ValueError("less than nothing")
    if ms == 9999:
        os._exit(3)
    time.sleep(ms / 1000)
    return ms


@ffi.def_extern()
def note(x):
    pass
""")
builder.compile(verbose=True)
