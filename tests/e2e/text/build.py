import cffi

ffi = cffi.FFI()
ffi.embedding_api("void say(int what);")
ffi.set_source("plugin", "")
ffi.embedding_init_code(r"""
    import sys
    from plugin import ffi

    @ffi.def_extern()
    def say(what):
        if what == 0:
            print("gr\u00fc\u00dfe \u20ac \U0001f40d")
        elif what == 1:
            print("no newline", end="")
        elif what == 2:
            sys.stdout.write("a\0b\n")
        elif what == 3:
            print("x" * 200000)
        elif what == 4:
            print(sys.stdout.write("five\n"), sys.stdout.encoding.lower(), sys.stdout.errors)
        elif what == 5:
            print()
            print("to stderr", file=sys.stderr)
        elif what == 6:
            sys.stdout.flush()
            sys.stdout.writelines(["1\n", "2\n"])
""")
ffi.compile()
