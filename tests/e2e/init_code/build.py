import cffi

ffi = cffi.FFI()
ffi.embedding_api("int calls(void);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""

        # Blank lines in front are dropped, the common indentation too; text in strings keeps its form.
        import sys
        from plugin import ffi, lib
        import plugin
        import plugin.lib

        text = \"\"\"two
          lines\"\"\"
        print(repr(text))
        print(sorted(name for name in globals() if name not in ("ffi", "lib", "sys", "plugin", "text")))
        print(plugin.ffi is ffi, plugin.lib is lib, sys.modules["plugin"] is plugin, sys.modules["plugin.lib"] is lib)
        print(sys._getframe().f_code.co_filename)
        count = 0

        @ffi.def_extern()
        def calls():
            global count
            count += 1
            return count
""")
ffi.compile()
