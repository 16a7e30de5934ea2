import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    void *make(void);
    void forget(void *handle);
    int look(void *handle);
    int python_pid(void);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import os
    from plugin import ffi

    handles = []

    @ffi.def_extern()
    def make():
        handles.append(ffi.new_handle("an object"))
        return handles[-1]

    @ffi.def_extern()
    def forget(handle):
        handles.clear()

    @ffi.def_extern(error=-1)
    def look(handle):
        return len(ffi.from_handle(handle))

    @ffi.def_extern()
    def python_pid():
        return os.getpid()
""")
ffi.compile()
