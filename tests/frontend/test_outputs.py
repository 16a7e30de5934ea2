"""Which files come out, and what the methods return."""
import os

from support import SUFFIX, FakeCase

EMBEDDING = "from cffi import FFI\nffi = FFI()\nffi.embedding_api('')\n"
EXTENSION = "from cffi import FFI\nffi = FFI()\nffi.cdef('')\n"


class Compile(FakeCase):
    def outputs(self, prologue, name, arguments):
        done = self.fake(prologue + "ffi.set_source(%r, '')\nprint(ffi.compile(%s))\n" % (name, arguments))
        self.assertEqual((done.status, done.stderr), (0, ""))
        return os.path.relpath(done.stdout.strip(), self.work), self.files()

    def check(self, prologue, name, arguments, library, *others):
        self.assertEqual(self.outputs(prologue, name, arguments), (library, sorted((library,) + others)))
        for path in self.files():
            os.unlink(os.path.join(self.work, path))

    def test_names(self):
        plain = ("plug.c", "plug.h", "plug.coil")
        dotted = ("pk/mod.c", "pk/pk.mod.h", "pk/pk.mod.coil")
        self.check(EMBEDDING, "plug", "", "plug.so", *plain)
        self.check(EMBEDDING, "plug", "'.', 0, None, None", "plug.so", *plain)
        self.check(EMBEDDING, "pk.mod", "", "pk/pk.mod.so", *dotted)
        self.check(EXTENSION, "plug", "", "plug" + SUFFIX, *plain)
        self.check(EXTENSION, "pk.mod", "", "pk/mod" + SUFFIX, *dotted)
        for prologue in EMBEDDING, EXTENSION:
            self.check(prologue, "plug", "target='plugin-1.5.*'", "plugin-1.5.so", *plain)
            self.check(prologue, "plug", "target='x.dll'", "x.dll", *plain)
            self.check(prologue, "plug", "target='*'", "plug" + SUFFIX, *plain)
            self.check(prologue, "pk.mod", "target='*'", "pk/mod" + SUFFIX, *dotted)
            self.check(prologue, "pk.mod", "target='y.*'", "pk/y.so", *dotted)
            self.check(prologue, "plug", "target='sub/y.*'", "sub/y.so", "plug.c", "sub/plug.h", "sub/plug.coil")
            self.check(prologue, "plug", "target=%r" % os.path.join(self.work, "abs", "y.*"), "abs/y.so", "plug.c",
                       "abs/plug.h", "abs/plug.coil")
        self.check(EMBEDDING, "pk.mod", "tmpdir='out/deep'", "out/deep/pk/pk.mod.so",
                   *("out/deep/" + name for name in dotted))

    def test_init_code_alone_makes_an_embedding_module(self):
        self.check(EXTENSION + "ffi.embedding_init_code('')\n", "plug", "", "plug.so", "plug.c", "plug.h", "plug.coil")

    def test_the_core_runs_in_tmpdir(self):
        options = self.generated(EMBEDDING + "ffi.set_source('p.q', '', sources=['s.c'])\nffi.compile('out')\n")
        self.assertEqual(self.calls[0]["cwd"], os.path.join(self.work, "out"))
        self.assertIn(("--output-c", "p/q.c"), options)
        self.assertIn(("--extra-source", "s.c"), options)

    def test_flags(self):
        self.assertIn(("--debug", None), self.generated(EMBEDDING + "ffi.set_source('p', '')\nffi.compile(debug=True)\n"))
        self.assertIn(("--verbose", None), self.generated(EMBEDDING + "ffi.set_source('p', '')\nffi.compile(verbose=1)\n"))
        options = self.generated(EMBEDDING + "ffi.set_source('p', '')\nffi.compile(debug=False, verbose=False)\n")
        self.assertEqual(self.values(options, "--debug", "--verbose"), [])


class Header(FakeCase):
    SCRIPT = EMBEDDING + "ffi.set_source('p', '', sources=%r)\nffi.compile()\n"

    def header(self, script):
        return self.values(self.generated(script), "--output-header")

    def test_a_header_of_the_users_own_is_kept(self):
        self.write("p.h", "int f(void);\n")
        self.assertEqual(self.header(self.SCRIPT % []), [])
        self.assertEqual(self.read("p.h"), "int f(void);\n")

    def test_a_generated_one_is_written_again(self):
        self.assertEqual(self.header(self.SCRIPT % []), ["p.h"])
        self.assertEqual(self.header(self.SCRIPT % []), ["p.h"])

    def test_one_that_the_source_includes_from_elsewhere_is_not_hidden(self):
        for line in '#include "p.h"', ' # include <sub/p.h>':
            self.assertEqual(self.header(EMBEDDING + "ffi.set_source('p', %r)\nffi.compile()\n" % (line + "\n")), [])
        self.assertEqual(self.header(EMBEDDING + "ffi.set_source('p', '#include \"pp.h\"')\nffi.compile()\n"), ["p.h"])
        self.write("s.c", '#include "p.h"\n')
        self.assertEqual(self.header(self.SCRIPT % ["s.c", "missing.c"]), ["p.h"][1:])

    def test_a_source_is_not_overwritten(self):
        self.write("p.c", "int x;\n")
        self.check_error(self.SCRIPT % ["./p.c"], "ValueError", "'./p.c' of 'sources' is the file that is generated")
        self.assertEqual(self.read("p.c"), "int x;\n")


class Emit(FakeCase):
    def test_to_a_path(self):
        options = self.generated(EMBEDDING + "ffi.set_source('p', '', libraries=['m'])\nffi.emit_c_code('x.c')\n")
        self.assertEqual(options[-1], ("--output-c", "x.c"))
        self.assertEqual(self.files(), ["x.c"])

    def test_to_a_path_object(self):
        options = self.generated(EMBEDDING + "import pathlib\nffi.set_source('p', '')\nffi.emit_c_code(pathlib.Path('x.c'))\n")
        self.assertEqual(options[-1], ("--output-c", "x.c"))

    def test_to_a_file_object(self):
        done = self.fake(EMBEDDING + "import io\nfile = io.StringIO()\nffi.set_source('p', '')\nffi.emit_c_code(file)\n"
                         "print(file.getvalue())\n")
        self.assertEqual((done.status, done.stdout), (0, "/* Generated by coil-stubgen: a fake */\n\n"))
        self.assertEqual(self.files(), [])


class Refused(FakeCase):
    def test_without_set_source(self):
        for call in "compile()", "emit_c_code('x.c')", "emit_python_code('x.py')", "distutils_extension()":
            self.check_error(EMBEDDING + "ffi.%s\n" % call, "ValueError", r"set_source\(\) must be called before %s\("
                             % call.split("(")[0])

    def test_set_source(self):
        self.check_error(EMBEDDING + "ffi.set_source('a', '')\nffi.set_source('b', '')\n", "ValueError", "'a' already")
        self.check_error(EMBEDDING + "ffi.set_source('a/b', '')\n", "ValueError", "contains '/'")
        for name in "my-plugin", "", "1st", "a..b", ".a", "a.", "a b", "\u00fc":
            self.check_error(EMBEDDING + "ffi.set_source(%r, '')\n" % name, "ValueError", "must be names with dots between")
        self.check_error(EMBEDDING + "ffi.set_source(b'a', '')\n", "TypeError", "must be a str")
        self.check_error(EMBEDDING + "ffi.set_source('a', 5)\n", "TypeError", "must be a str")

    def test_modules_without_c_source(self):
        self.check_error(EXTENSION + "ffi.set_source('a', None)\nffi.compile()\n", "BuildTimeError", "has no C source")
        self.check_error(EXTENSION + "ffi.set_source('a', None)\nffi.emit_c_code('x.c')\n", "TypeError", "has no C source")
        self.check_error(EXTENSION + "ffi.set_source('a', None)\nffi.emit_python_code('x')\n", "BuildTimeError", "no C source")
        self.check_error(EXTENSION + "ffi.set_source('a', '')\nffi.emit_python_code('x')\n", "TypeError", "emit_c_code")

    def test_what_only_a_compiled_module_can_do(self):
        for call in ("new('int *')", "typeof('int')", "sizeof('int')", "cast('int', 3)", "NULL", "errno", "CData"):
            self.check_error(EXTENSION + "ffi.%s\n" % call, "BuildTimeError", "use it in the init code")
        self.check_error(EXTENSION + "ffi.dlopen(None)\n", "BuildTimeError", "open it in the init code")
        self.check_error(EXTENSION + "ffi.verify('')\n", "BuildTimeError", "set_source")
        self.check_error(EXTENSION + "ffi.set_unicode(True)\n", "BuildTimeError", "Windows")
        self.check_error(EXTENSION + "ffi.def_extern()\n", "ValueError", "init code")
        self.check_error(EXTENSION + "ffi.set_source('p', '')\nffi.distutils_extension()\n", "BuildTimeError", r"compile\(\)")
        self.check_error("import cffi\ncffi.FFI(backend=3)\n", "BuildTimeError", r"write FFI\(\)")
        self.check_error(EXTENSION + "ffi.nonsense()\n", "AttributeError", "nonsense")
