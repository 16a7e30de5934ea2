import cffi

ffi = cffi.FFI()
ffi.embedding_api("int hopeless(void) /* [error(-1)] */;")
ffi.set_source("third", "")
ffi.embedding_init_code("raise RuntimeError('no hope')")
ffi.compile()
