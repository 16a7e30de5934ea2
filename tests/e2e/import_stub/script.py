import ctypes

import plugin
from plugin import ffi, lib

print(plugin.__name__, lib.LIMIT, ffi.typeof("int(*)(int, int)"), ffi.new("int[3]")[2])
print(ctypes.PyDLL(plugin.__file__).add(40, 2))
