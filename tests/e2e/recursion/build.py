import cffi

ffi = cffi.FFI()
ffi.cdef("int in_c(int depth, int frames); int plain(int x); struct wide { int depth; char bytes[300]; }; int wide_in_c(struct wide w);")
ffi.embedding_api("int in_python(int depth, int frames); int wide_in_python(struct wide w);")
ffi.set_source("plugin", r"""
    struct wide { int depth; char bytes[300]; };
    static int in_c(int depth, int frames);
    static int wide_in_c(struct wide w);
    static int plain(int x) { return x; }
    CFFI_DLLEXPORT int in_python(int depth, int frames);
    CFFI_DLLEXPORT int wide_in_python(struct wide w);
    static int in_c(int depth, int frames) { return 1 + in_python(depth - 1, frames); }
    static int wide_in_c(struct wide w) { w.depth--; w.bytes[w.depth % 300]++; return 1 + wide_in_python(w); }
""")
ffi.embedding_init_code(r"""
    from plugin import ffi, lib

    def helper(depth, frames):
        return helper(depth, frames - 1) if frames else lib.in_c(depth, 0)

    @ffi.def_extern(error=-1000000)
    def in_python(depth, frames):
        if depth == 0:
            return lib.plain(7)
        try:
            return 1 + (helper(depth, frames) if frames else lib.in_c(depth, frames))
        except RecursionError as error:
            print("RecursionError with", depth, "left:", error)
            return 0

    @ffi.def_extern(error=-1000000)
    def wide_in_python(w):
        return 1 + lib.wide_in_c(w) if w.depth else sum(w.bytes[i] == b"\1" for i in range(300))
""")
ffi.compile()
