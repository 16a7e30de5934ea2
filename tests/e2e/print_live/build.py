import os

import cffi

ffi = cffi.FFI()
ffi.embedding_api("void work(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    import time
    from plugin import ffi

    @ffi.def_extern()
    def work():
        print("started")
        end = time.monotonic() + 20
        while not os.path.exists(GO_ON) and time.monotonic() < end:
            time.sleep(0.01)
        print("went on" if time.monotonic() < end else "nobody saw the first line")

    GO_ON = %r
""" % os.path.abspath("go-on"))
ffi.compile()
