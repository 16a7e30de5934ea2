"""--explain and --in-process-only in front of a build script and of a header."""
import os
import re

from support import ROOT, RealCase

BASE = '''\
base = FFI()
base.cdef("struct point { int x, y; };")
base.set_source("base", "struct point { int x, y; };")
'''

SCRIPT = '''\
from cffi import FFI
import sys
%s
ffi = FFI()
%s
ffi.embedding_api("""
    double mean(const double *v, size_t n);
    int fill(%s /* [out, sized_by(size)] */, size_t size);
    %s
""")
ffi.set_source("plug", "struct point { int x, y; };")
ffi.compile(*sys.argv[1:])
'''


def script(base="", include="", what="char *room", more=""):
    return SCRIPT % (base, include, what, more)


class Explain(RealCase):
    def test_a_script_is_explained_and_makes_nothing(self):
        self.write("build.py", script())
        done = self.succeed("--explain", "build.py", ".", "1")
        self.assertIn("double mean(const double *v, size_t n);\n    v       array of n 'double': copied to Python", done.stdout)
        self.assertIn("    room    size bytes: never read", done.stdout)
        self.assertRegex(done.stderr, r"^build\.py:\d+:\d+: note: 'v' is taken as \[in, counted_by\(n\)\]")
        self.assertEqual(self.files(), [])

    def test_included_modules_are_known_meanwhile(self):
        self.write("build.py", script(BASE, "ffi.include(base)", "struct point *p"))
        done = self.succeed("--explain", "build.py")
        self.assertEqual(done.stdout.count("Module "), 1)
        self.assertIn("    p       size bytes: never read", done.stdout)
        self.assertEqual(self.files(), [])

    def test_a_header_needs_no_more(self):
        self.write("plug.h", "#include <stddef.h>\nint first(const int *v /* [counted_by(n)] */, size_t n);\n")
        for options in (["--explain", "plug.h"], ["plug.h", "--explain"],
                        ["plug.h", "--module", "plug", "--init", "none.py", "--explain", "-o", "out"]):
            if "none.py" in options:
                self.write("none.py", "")
            done = self.succeed(*options)
            self.assertEqual(done.stdout.splitlines()[0].split(",")[0], "Module plug")
            self.assertIn("array of n 'int'", done.stdout)
            self.assertEqual([name for name in self.files() if name != "plug.h"], [])

    def test_what_the_manual_shows_is_taken(self):
        with open(os.path.join(ROOT, "docs", "POINTERS.md"), encoding="utf-8") as file:
            blocks = re.findall(r"^```c\n(.*?)^```", file.read(), re.S | re.M)
        self.assertGreater(len(blocks), 3)
        for block in blocks:
            shown = ["struct %s { int x; };" % name for name in ("node", "record", "image")
                     if "struct %s {" % name not in block]
            self.write("plug.h", "#include <stddef.h>\n" + "\n".join(shown) + "\n" + block)
            self.succeed("--explain", "plug.h")

    def test_mistakes_are_told_all_the_same(self):
        self.write("plug.h", "int first(int *v);\n")
        done = self.stubgen("--explain", "plug.h")
        self.assertEqual((done.status, done.stdout), (1, ""))
        self.assertIn('int first(int *v /* [inout] */);', done.stderr)

    def test_everything_is_let_through_in_process(self):
        self.write("build.py", script(more="int walk(struct point **list, int (*each)(struct point *));"))
        self.assertEqual(self.stubgen("build.py").status, 1)
        done = self.succeed("--in-process-only", "--explain", "build.py")
        self.assertIn("    list    address: passed as it is, which means something in-process only", done.stdout)
        self.assertIn("    each    function: callable on the other side", done.stdout)
        self.assertEqual(done.stdout.count("    in-process only\n"), 1)
        self.succeed("--in-process-only", "build.py")
        self.assertIn("COIL_FUNCTION_IN_PROCESS_ONLY", self.read("plug.c"))
        self.assertEqual(self.read("plug.c").count("COIL_FUNCTION_IN_PROCESS_ONLY"), 1)

    def test_unions_with_pointers_are_for_one_process(self):
        self.write("plug.h", "struct event { int kind; union { int n; const char *text; } value; };\n"
                   "struct list { struct event *events; };\nint f(const struct list *l);\nint g(int x);\n")
        self.assertEqual(self.stubgen("--explain", "plug.h").status, 1)
        done = self.succeed("--in-process-only", "--explain", "plug.h")
        self.assertEqual(done.stdout.count("    in-process only\n"), 1)

    def test_mistakes_in_annotations_stay_mistakes_in_process(self):
        self.write("plug.h", "int first(int *v /* [in, out] */);\n")
        done = self.stubgen("--in-process-only", "--explain", "plug.h")
        self.assertEqual(done.status, 1)
        self.assertIn("contradict each other", done.stderr)
