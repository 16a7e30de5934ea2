import cffi

ffi = cffi.FFI()
ffi.embedding_api("int bad(int x);")
ffi.set_source("bad", "")
ffi.embedding_init_code("""
    import ctypes
    ctypes.string_at(8)
""")
ffi.compile()
