import cffi

ffi = cffi.FFI()
ffi.embedding_api("int failing(void);")
ffi.set_source("failing", "")
ffi.embedding_init_code("""
    raise RuntimeError("the init code fails")
""")
ffi.compile()
