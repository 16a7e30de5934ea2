"""What the core is asked for: declarations, labels, init code, keywords."""
import os

from support import FakeCase

PROLOGUE = "from cffi import FFI\nffi = FFI()\n"


class Declarations(FakeCase):
    def test_an_embedding_script(self):
        options = self.generated('''\
            import cffi
            ffibuilder = cffi.FFI()
            ffibuilder.embedding_api("""
                int add(int x, int y);
            """)
            ffibuilder.set_source("plugin", "/* C */")
            ffibuilder.embedding_init_code("""
                from plugin import ffi
                @ffi.def_extern()
                def add(x, y):
                    return x + y
            """)
            if __name__ == "__main__":
                ffibuilder.compile()
            ''')
        self.assertEqual(options, [
            ("--core", None), ("--module", "plugin"),
            ("--api", "\n\n" + " " * 28 + "\n    int add(int x, int y);\n"), ("--api-label", "build.py"),
            ("--init", "from plugin import ffi\n@ffi.def_extern()\ndef add(x, y):\n    return x + y\n"),
            ("--c-source", "/* C */"),
            ("--output-c", "plugin.c"), ("--output-library", "plugin.so"), ("--output-descriptor", "plugin.coil"),
            ("--output-header", "plugin.h"),
        ])
        self.assertEqual(self.calls[0]["cwd"], self.work)

    def test_order_and_packing(self):
        options = self.generated(PROLOGUE + (
            "ffi.cdef('struct a { char x; };', packed=True)\n"
            "ffi.embedding_api('int f(void);', pack=4)\n"
            "ffi.cdef('struct b { int x; };', False, False, None)\n"
            "ffi.cdef('struct c { int x; };', pack=1)\n"
            "ffi.set_source('p', '')\nffi.compile()\n"))
        kinds = [(name, value.strip() if value and name != "--pack" else value) for name, value in options[2:-5]
                 if not name.endswith("-label")]
        self.assertEqual(kinds, [
            ("--cdef", "struct a { char x; };"), ("--packed", None), ("--api", "int f(void);"), ("--pack", "4"),
            ("--cdef", "struct b { int x; };"), ("--cdef", "struct c { int x; };"), ("--packed", None)])

    def test_labels(self):
        self.write("api.h", "int g(void);\n")
        options = self.generated(PROLOGUE + (
            "TEXT = '''\n"
            "int f(int x);\n"
            "'''\n"
            "ffi.cdef(TEXT)\n"                                # a literal elsewhere: its own lines
            "ffi.cdef(open('api.h').read())\n"                # not in the script
            "ffi.cdef('int h' + '(void);')\n"                 # computed
            "ffi.cdef('int i(void);\\nint j(void);')\n"       # lines do not correspond
            "ffi.cdef(r'int k(void);'); ü = ffi.cdef('int l(void);')\n"
            "ffi.cdef('int m(void);'); m = 'int m(void);'\n"  # twice in the script
            "ffi.set_source('p', '')\nffi.compile()\n"))
        self.assertEqual(self.values(options, "--cdef-label"), [
            "build.py", "build.py:7: cdef()", "build.py:8: cdef()", "build.py:9: cdef()", "build.py", "build.py",
            "build.py:11: cdef()"])
        texts = self.values(options, "--cdef")
        self.assertEqual(texts[0], "\n" * 2 + " " * 10 + "\nint f(int x);\n")
        self.assertEqual(texts[1], "int g(void);\n")
        self.assertEqual(texts[4], "\n" * 9 + " " * 11 + "int k(void);")
        self.assertEqual(texts[5], "\n" * 9 + " " * 41 + "int l(void);")

    def test_odd_line_ends_in_the_script(self):
        script = PROLOGUE + "ffi.cdef('''\nint f(void);\n''')\nffi.set_source('p', '')\nffi.compile()\n"
        options = self.generated("\ufeff# \x0c \u2028\n".replace("\n", "\r\n") + script.replace("\n", "\r\n"))
        self.assertEqual(self.values(options, "--cdef-label"), ["build.py"])
        self.assertEqual(self.values(options, "--cdef"), ["\n" * 3 + " " * 12 + "\nint f(void);\n"])

    def test_misuse(self):
        self.check_error(PROLOGUE + "ffi.cdef(b'int x;')\n", "TypeError", "must be a str, not bytes")
        self.check_error(PROLOGUE + "ffi.cdef('int x;', packed=True, pack=2)\n", "ValueError", "together")
        self.check_error(PROLOGUE + "ffi.cdef('int x;', packed=2)\n", "ValueError", "'packed' must be True")
        self.check_error(PROLOGUE + "ffi.cdef('int x;', pack=3)\n", "ValueError", "power of two, not 3")
        self.check_error(PROLOGUE + "ffi.embedding_api('int x;', False, 6)\n", "ValueError", "power of two, not 6")


class InitCode(FakeCase):
    def init(self, code):
        options = self.generated(PROLOGUE + "ffi.set_source('p', '')\nffi.embedding_init_code(%r)\nffi.compile()\n"
                                 % code)
        return self.values(options, "--init")

    def test_is_dedented(self):
        self.assertEqual(self.init("\n  \n\t\n    a = 1\n      \n\n    if a:\n        b = 2\n"),
                         ["a = 1\n  \n\nif a:\n    b = 2\n"])
        self.assertEqual(self.init("a = 1"), ["a = 1\n"])
        self.assertEqual(self.init("    a = '''\n  x\n    '''\n".replace("    a", "  a")), ["a = '''\nx\n  '''\n"])
        self.assertEqual(self.init("\r\n  a = 1\r\n  b = 'é\x0c\u2028'\r\n"), ["a = 1\nb = 'é\x0c\u2028'\n"])
        self.assertEqual(self.init(""), [""])
        self.assertEqual(self.init("\tif 1:\n\t    pass\n"), ["if 1:\n    pass\n"])

    def test_syntax_is_checked(self):
        done = self.fake(PROLOGUE + "ffi.set_source('p', '')\nffi.embedding_init_code('''\n\n    a = 1\n    def (\n''')\n")
        self.assertEqual(done.status, 1)
        self.assertIn("File \"<init code for 'p'>\", line 2\n    def (\n", done.stderr)
        self.assertRegex(done.stderr, "SyntaxError: .*\n$")
        self.check_error(PROLOGUE + "ffi.embedding_init_code('if')\n", "SyntaxError", "")
        # The shim's own future statements are not the init code's.
        self.assertEqual(self.init("import os\nfrom os import path"), ["import os\nfrom os import path\n"])

    def test_only_once(self):
        self.check_error(PROLOGUE + "ffi.embedding_init_code('a')\nffi.embedding_init_code('b')\n", "ValueError", "once")
        self.check_error(PROLOGUE + "ffi.embedding_init_code(3)\n", "TypeError", "not int")

    def test_none_is_not_passed(self):
        options = self.generated(PROLOGUE + "ffi.set_source('p', '')\nffi.compile()\n")
        self.assertEqual(self.values(options, "--init"), [])


class Keywords(FakeCase):
    def keywords(self, text):
        options = self.generated(PROLOGUE + "ffi.cdef('')\nffi.embedding_api('')\nffi.set_source('p', '', %s)\n"
                                 "ffi.compile()\n" % text)
        return [option for option in options[7:] if not option[0].startswith("--output-")]

    def test_all(self):
        self.assertEqual(self.keywords(
            "sources=['a.c', './sub/../b.c'], include_dirs=['i', '/j'], libraries=['m', 'z'], library_dirs=('l',), "
            "define_macros=[('A', None), ('B', '2'), ('C',)], undef_macros=['U'], extra_compile_args=['-Wall', '-O3'], "
            "extra_link_args=['-Wl,-z,now'], extra_objects=['o.o'], depends=['x.h'], runtime_library_dirs=['/r'], "
            "language='c', py_limited_api=False"), [
                ("-D", "A"), ("-D", "B=2"), ("-D", "C"), ("--cflag", "-UU"), ("-I", "i"), ("-I", "/j"), ("-L", "l"),
                ("-l", "m"), ("-l", "z"), ("--cflag", "-Wall"), ("--cflag", "-O3"), ("--ldflag", "-Wl,-z,now"),
                ("--extra-object", "o.o"), ("--extra-source", "a.c"), ("--extra-source", "b.c"),
                ("--ldflag", "-Wl,-rpath,/r")])
        self.assertEqual(self.keywords("sources=None, define_macros=None"), [])

    def test_cxx(self):
        self.assertEqual(self.keywords("source_extension='.cpp'"), [("-l", "stdc++")])
        self.assertEqual(self.values([tuple(option) for option in self.calls[0]["options"]], "--output-c"), ["p.cpp"])
        self.assertEqual(self.keywords("sources=['a.cc']"), [("--extra-source", "a.cc"), ("-l", "stdc++")])

    def test_misuse(self):
        for text, message in (("libraries='m'", "'libraries' must be a list of strings, not 'm'"),
                              ("include_dirs=[1]", "1 is not a string"),
                              ("define_macros=['A']", "each of 'define_macros' must be a pair"),
                              ("define_macros=[('A', 1)]", "each of 'define_macros' must be a pair"),
                              ("define_macros={'A': '1'}", "must be a list of")):
            self.check_error(PROLOGUE + "ffi.set_source('p', '', %s)\n" % text, "TypeError", message)

    def test_unknown_keyword_warns(self):
        done = self.fake(PROLOGUE + "ffi.set_source('p', '', include_dir=['i'])\nffi.compile()\n")
        self.assertEqual(done.status, 0)
        self.assertIn("build.py:3: UserWarning: set_source(): unknown compiler keyword 'include_dir' is ignored", done.stderr)


class PkgConfig(FakeCase):
    SCRIPT = PROLOGUE + ("own = ['first']\n"
                         "ffi.set_source_pkgconfig('p', ['one', 'two >= 1'], '', libraries=own, define_macros=[('M', '1')])\n"
                         "assert own == ['first']\n"
                         "ffi.compile()\n")

    def pkg_config(self, text):
        path = self.write("pkg-config", text)
        os.chmod(path, 0o755)
        return {"PATH": self.work + ":" + os.environ["PATH"]}

    def test_flags(self):
        environment = self.pkg_config("""\
            #!/bin/sh
            case "$2 $3" in
            "--cflags one") echo '-I/one -DONE -DTEXT=a\\ b -pthread' ;;
            "--libs one") echo '-L/lib/one -lone -Wl,-z,now' ;;
            "--cflags two >= 1") echo ;;
            "--libs two >= 1") echo -ltwo ;;
            *) exit 9 ;;
            esac
            """)
        options = self.generated(self.SCRIPT, **environment)
        self.assertEqual([option for option in options if not option[0].startswith("--output-")][3:], [
            ("-D", "M=1"), ("-D", "ONE"), ("-D", "TEXT=a b"), ("-I", "/one"), ("-L", "/lib/one"), ("-l", "first"),
            ("-l", "one"), ("-l", "two"), ("--cflag", "-pthread"), ("--ldflag", "-Wl,-z,now")])

    def test_unknown_package(self):
        environment = self.pkg_config("#!/bin/sh\necho \"No package '$3' found\" >&2\nexit 1\n")
        done = self.fake(self.SCRIPT, **environment)
        self.assertEqual(done.status, 1)
        self.assertRegex(done.stderr, r"cffi\.PkgConfigError: No package 'one' found\n$")

    def test_no_pkg_config(self):
        done = self.fake(self.SCRIPT, PKG_CONFIG="/nowhere/pkg-config")
        self.assertEqual(done.status, 1)
        self.assertRegex(done.stderr, r"PkgConfigError: cannot run /nowhere/pkg-config: No such file or directory: install")

    def test_misuse(self):
        self.check_error(PROLOGUE + "ffi.set_source_pkgconfig('p', 'one', '')\n", "TypeError", "must be a list of their names")


class Include(FakeCase):
    def included(self, *texts):
        calls = "".join("other.%s(%r)\n" % text for text in texts)
        options = self.generated("from cffi import FFI\nother = FFI()\n" + calls +
                                 "ffi = FFI()\nffi.include(other)\nffi.cdef('int own' '(void);')\nffi.set_source('p', '')\n"
                                 "ffi.compile()\n")
        self.assertEqual(self.values(options, "--api"), [])
        texts = self.values(options, "--cdef")
        self.assertEqual(texts[-1], "int own(void);")
        return [text.strip() for text in texts[:-1]]

    def test_types_stay(self):
        text = "typedef struct { int x; } p;\n#define N 3\nenum e { A };"
        self.assertEqual(self.included(("cdef", text)), [text])

    def test_api_functions_become_c_functions(self):
        self.assertEqual(self.included(("embedding_api", "int f(int);")), ["int f(int);"])

    def test_python_functions_go(self):
        self.assertEqual(self.included(("cdef", 'int a; extern "Python" int f(struct { int x; } *p, int a[3]); int b;')),
                         ["int a;" + " " * 56 + "int b;"])
        self.assertEqual(
            self.included(("cdef", 'int a; /* extern "Python" int f(void); */\nextern /* ; */ "Python+C" {\n  int f(void);\n'
                                   '  typedef int (*t)(void);\n  /* } */ int g(int (*)(void));\n}\nint b;')),
            ['int a; /* extern "Python" int f(void); */\n                           \n              \n'
             '  typedef int (*t)(void);\n  /* } */                      \n \nint b;'])
        self.assertEqual(self.included(("cdef", 'int a; extern int b; extern "C" int c;')),
                         ['int a; extern int b; extern "C" int c;'])
        self.assertEqual(self.included(("cdef", 'extern "Python" int f(void)')), [""])

    def test_a_snapshot_and_no_doubles(self):
        options = self.generated(
            "from cffi import FFI\na, b, c, d = FFI(), FFI(), FFI(), FFI()\n"
            "a.cdef('int a' ';')\nb.include(a)\nb.cdef('int b' ';')\nc.include(a)\nc.cdef('int c' ';')\n"
            "d.include(b)\nd.include(c)\nd.include(c)\nb.cdef('int late' ';')\n"
            "d.set_source('d', '')\nd.compile()\n")
        self.assertEqual(self.values(options, "--cdef"), ["int a;", "int b;", "int c;"])

    def test_what_the_others_know(self):
        """Each included module that has a C source is compiled once, and its descriptor goes with its declarations."""
        options = self.generated(
            "from cffi import FFI\na, b, c, plain = FFI(), FFI(), FFI(), FFI()\n"
            "plain.cdef('int plain' ';')\n"
            "a.cdef('int a' ';')\na.embedding_init_code('x = 1')\n"
            "a.set_source('a', '/* a */', libraries=['m'], include_dirs=['inc'], define_macros=[('D', None)])\n"
            "b.include(a)\nb.cdef('int b' ';')\nb.set_source('b', '/* b */', source_extension='.cpp')\n"
            "c.include(b)\nc.include(a)\nc.include(plain)\nc.cdef('int c' ';')\nc.set_source('c', '')\nc.compile()\n", calls=3)
        first, second, last = [[tuple(option) for option in call["options"]] for call in self.calls]
        self.assertEqual(self.values(first, "--module", "--cdef", "--c-source", "-I", "-D", "-l", "--init", "--included"),
                         ["a", "int a;", "/* a */", "D", "inc"])
        self.assertEqual(self.values(second, "--module", "--cdef", "--c-source"), ["b", "int a;", "int b;", "/* b */"])
        self.assertTrue(self.values(second, "--output-c")[0].endswith(".cpp"))
        self.assertEqual(self.values(second, "--included"), self.values(first, "--output-descriptor"))
        self.assertEqual([option for option in last if option[0] in ("--cdef", "--included")], [
            ("--cdef", "int a;"), ("--included", self.values(first, "--output-descriptor")[0]),
            ("--cdef", "int b;"), ("--included", self.values(second, "--output-descriptor")[0]),
            ("--cdef", "int plain;"), ("--cdef", "int c;")])

    def test_in_a_circle(self):
        self.generated("from cffi import FFI\na, b = FFI(), FFI()\na.cdef('int a' ';')\nb.cdef('int b' ';')\n"
                       "a.include(b)\nb.include(a)\na.set_source('a', '')\nb.set_source('b', '')\nb.compile()\n", calls=2)

    def test_misuse(self):
        self.check_error(PROLOGUE + "ffi.include(ffi)\n", "ValueError", "cannot include itself")
        self.check_error(PROLOGUE + "ffi.include('x')\n", "TypeError", "expected another FFI object, not str")
