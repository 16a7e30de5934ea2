import cffi

ffi = cffi.FFI()
ffi.embedding_api("int never(int x) /* [error(-4)] */;")
ffi.set_source("unlucky", "")
ffi.embedding_init_code("raise ImportError('not today')")
ffi.compile()
