import cffi

ffi = cffi.FFI()
ffi.embedding_api("int count(void); int same_thread(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import threading
    from plugin import ffi

    local = threading.local()

    @ffi.def_extern()
    def count():
        local.count = getattr(local, "count", 0) + 1
        return local.count

    @ffi.def_extern()
    def same_thread():
        identity = threading.get_ident()
        local.identity = getattr(local, "identity", identity)
        return identity == local.identity and threading.current_thread().ident == identity
""")
ffi.compile()
