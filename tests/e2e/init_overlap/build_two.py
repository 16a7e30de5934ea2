import cffi

ffi = cffi.FFI()
ffi.embedding_api("int two(int x);")
ffi.set_source("two", "")
ffi.embedding_init_code("""
    import sys
    import threading
    import types
    from two import ffi

    both = sys.modules.setdefault("both_are_there", types.ModuleType("both_are_there"))
    both.__dict__.setdefault("barrier", threading.Barrier(2))
    met = True
    try:
        both.barrier.wait(10)
    except threading.BrokenBarrierError:
        met = False

    @ffi.def_extern()
    def two(x):
        return x + 2 if met else -1
""")
ffi.compile()
