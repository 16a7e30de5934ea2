"""Python's regular expressions, for C.

    coil-stubgen build.py [FOLDER]     makes FOLDER/patterns.so and FOLDER/patterns.h
"""
import sys

from cffi import FFI

ffibuilder = FFI()

ffibuilder.embedding_api("""
    int matches(const char *pattern, const char *text);
""")

ffibuilder.set_source("patterns", "")

ffibuilder.embedding_init_code("""
    import re
    from patterns import ffi

    @ffi.def_extern(error=-1)
    def matches(pattern, text):
        return re.search(ffi.string(pattern).decode(), ffi.string(text).decode()) is not None
""")

if __name__ == "__main__":
    ffibuilder.compile(tmpdir=sys.argv[1] if len(sys.argv) > 1 else ".", verbose=True)
