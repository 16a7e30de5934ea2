"""The Python behind plugin.h.  It runs once, before the first call."""
import os

from plugin import ffi


@ffi.def_extern()
def do_stuff(point):
    print("Python got the point (%d, %d)" % (point.x, point.y), flush=True)
    point.x, point.y = point.y, point.x
    return os.getpid()
