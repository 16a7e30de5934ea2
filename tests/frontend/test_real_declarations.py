"""Declarations that CFFI accepts, coil-stubgen accepts.  declarations.txt has them, with a line of four dashes between two."""
import os
import textwrap

from support import HERE, RealCase

# Each is accepted by CFFI, but no C compiler accepts what they are about; coil-stubgen says so at once.
REFUSED = ["struct s { int a[]; int b; };", "struct s { int a : 0; };", "int v[-1];", "int f(int a, int a);",
           "struct s { struct s next; };", "void v;", "struct s { int a; int a; };", "struct s { int f(int); };",
           "enum e { A = 18446744073709551616 };"]


def declarations():
    with open(os.path.join(HERE, "declarations.txt"), encoding="utf-8") as file:
        return file.read().rstrip("\n").split("\n----\n")


class Declarations(RealCase):
    def test_accepted(self):
        for text in declarations():
            with self.subTest(text):
                self.write("text.h", text + "\n")
                self.succeed("--core", "--module", "m", "--cdef", "text.h", "--output-c", "text.c")

    def test_refused(self):
        for text in REFUSED:
            with self.subTest(text):
                self.write("text.h", text + "\n")
                done = self.stubgen("--core", "--module", "m", "--cdef", "text.h", "--output-c", "text.c")
                self.assertEqual(done.status, 1)
                self.assertRegex(done.stderr, r"\Atext\.h:1:\d+: error: ")

    def test_cffi_accepts_them(self):
        self.write("all.py", textwrap.dedent("""
            import io, sys, warnings
            import cffi
            from cffi import recompiler
            warnings.simplefilter("ignore")
            for text in %r:
                ffi = cffi.FFI()
                ffi.cdef(text)
                ffi.set_source("m", "")
                generator = recompiler.Recompiler(ffi, "m")
                generator.collect_type_table()
                generator.collect_step_tables()
                generator.write_source_to_f(io.StringIO(), "")
            """) % (declarations(),))
        self.cffi("all.py")
