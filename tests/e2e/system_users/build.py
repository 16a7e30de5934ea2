import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    int add(int x, int y);
    int calls(void);
""")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi
    import coil

    count = 0

    @ffi.def_extern()
    def add(x, y):
        return x + y

    @ffi.def_extern()
    def calls():
        global count
        count += 1
        print(coil.peer().uid)
        return count
""")
ffi.compile()
