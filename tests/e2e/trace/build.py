import cffi

builder = cffi.FFI()
builder.embedding_api("int work(int ms); int absent(void); void note(int x) /* [oneway] */; void vandal(int number);")
builder.set_source("traced", "")
builder.embedding_init_code("""
import ctypes
import os
import re
import time

from traced import ffi


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


@ffi.def_extern()
def vandal(number):
    # What code in a worker can do to those who watch it.
    with open("/proc/self/maps") as maps:
        begin, end = re.search(r"(?m)^(\\w+)-(\\w+) .*coil-trace", maps.read()).groups()
    begin, size = int(begin, 16), int(end, 16) - int(begin, 16)
    if number == 1:
        ctypes.memset(begin, 0x1b, size)
    elif number == 2:
        ctypes.memset(begin, 0xff, size)
    else:
        ctypes.memmove(begin, os.urandom(size), size)
""")
builder.compile(verbose=True)
