import cffi

ffi = cffi.FFI()
ffi.embedding_api("int chatter(int lines);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    from plugin import ffi

    @ffi.def_extern(error=-1)
    def chatter(lines):
        for line in range(lines):
            print("line", line)
        return lines
""")
ffi.compile()
