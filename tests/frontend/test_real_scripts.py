"""Build scripts through the real coil-stubgen and, for the names of files, through CFFI beside it."""
import os
import re
import subprocess
import unittest

import support
from support import RealCase

EMBEDDING = '''\
from cffi import FFI
ffi = FFI()
ffi.embedding_api("""
    int add(int x, int y);
""")
ffi.set_source(%(name)r, %(source)r%(keywords)s)
ffi.embedding_init_code("""
    from %(name)s import ffi
    @ffi.def_extern()
    def add(x, y):
        return x + y
""")
'''


def embedding(call="ffi.compile()", name="plug", source="", keywords=""):
    return EMBEDDING % {"name": name, "source": source, "keywords": keywords} + "print(%s)\n" % call


class LinkedCase(RealCase):
    def setUp(self):
        super().setUp()
        if not os.path.exists(os.path.join(support.build, "lib", "libcoil.so")):
            self.skipTest("libcoil.so is not built")

    def exports(self, library):
        done = subprocess.run(["nm", "-D", "--defined-only", os.path.join(self.work, library)], check=True,
                              stdout=subprocess.PIPE, universal_newlines=True)
        return {line.split()[-1] for line in done.stdout.splitlines()}


class Libraries(LinkedCase):
    def test_the_names_are_cffis(self):
        for name, call in (("plug", "ffi.compile()"), ("pk.mod", "ffi.compile()"), ("plug", "ffi.compile(target='p-1.5.*')"),
                           ("plug", "ffi.compile(target='*')"), ("pk.mod", "ffi.compile('out', target='x.so')")):
            with self.subTest(name=name, call=call):
                self.write("build.py", embedding(call, name))
                theirs = self.cffi("build.py").stdout.strip()
                names = {file for file in self.files() if not file.endswith(".o")}
                for file in self.files():
                    os.unlink(os.path.join(self.work, file))
                ours = self.succeed("build.py").stdout.strip()
                self.assertEqual(ours, theirs)
                self.assertLessEqual(names, set(self.files()))
                self.assertEqual({file.rsplit(".", 1)[1] for file in set(self.files()) - names}, {"h", "coil"})
                self.assertLessEqual({"add", "PyInit_" + name.split(".")[-1]}, self.exports(os.path.relpath(ours, self.work)))
                for file in self.files():
                    os.unlink(os.path.join(self.work, file))

    def test_nothing_is_touched_that_does_not_change(self):
        self.write("build.py", embedding())
        self.succeed("build.py")
        for name in "plug.c", "plug.h":
            os.utime(os.path.join(self.work, name), (1000, 1000))
        self.succeed("build.py")
        for name in "plug.c", "plug.h":
            self.assertEqual(os.stat(os.path.join(self.work, name)).st_mtime, 1000, name)

    def test_compiler_keywords(self):
        self.write("out/extra.c", "int extra(void);\nint extra(void) { return FACTOR; }\n")
        self.write("out/inc/own.h", "#define OWN 3\n")
        self.write("build.py", embedding(
            "ffi.compile(tmpdir='out', verbose=True)", source="#include <own.h>\nint extra(void);\nint own_value = OWN;\n",
            keywords=", sources=['extra.c'], include_dirs=['inc'], define_macros=[('FACTOR', '7')], libraries=['m'],"
                     " extra_compile_args=['-O1'], extra_link_args=['-Wl,-z,now']"))
        self.succeed("build.py")
        self.assertIn("extra", self.exports("out/plug.so"))

    def test_cdef_functions_types_and_variables(self):
        self.write("build.py", '''\
            from cffi import FFI
            ffi = FFI()
            ffi.cdef("""
                typedef struct { int x; double y; ...; } item;
                enum color { RED, GREEN, ... };
                #define LIMIT ...
                #define FOUR 4
                static const int minus;
                int counter;
                int plain(int);
                extern "Python" int hidden(item);
                extern "Python+C" { int shown(int a[4]); enum color pick(const char *name); }
            """)
            ffi.set_source("plug", """
                typedef struct { char c; double y; int x; } item;
                enum color { GREEN = 5, RED = -1 };
                #define LIMIT 100
                #define FOUR 4
                static const int minus = -3;
                static int hidden(item);
                int counter;
                int plain(int x);
                int plain(int x) { item i = { 0, 1.0, x }; return hidden(i); }
            """)
            print(ffi.compile(target="plug.*"))
            ''')
        self.succeed("build.py")
        exports = self.exports("plug.so")
        self.assertLessEqual({"shown", "pick", "plain"}, exports)
        self.assertNotIn("hidden", exports)

    def test_include(self):
        self.write("build.py", '''\
            from cffi import FFI
            first = FFI()
            first.cdef('typedef struct { int x; } item; extern "Python" int hidden(item);')
            first.embedding_api("int one(item);")
            first.set_source("first", "typedef struct { int x; } item; static int hidden(item);\\n"
                                      "int use(item i) { return hidden(i); }")
            first.compile()
            second = FFI()
            second.include(first)
            second.embedding_api("item two(item i);")
            second.set_source("second", "typedef struct { int x; } item; int one(item);")
            second.compile()
            ''')
        self.succeed("build.py")
        self.assertIn("two", self.exports("second.so"))
        self.assertFalse({"one", "hidden"} & self.exports("second.so"))

    def test_what_included_structs_lead_to(self):
        """This module's C source knows none of these types, and follows what is in them all the same."""
        self.write("build.py", '''\
            from cffi import FFI
            first = FFI()
            first.cdef("""
                typedef int... ident_t;
                enum color { RED, GREEN = 5 };
                struct pair { char c; double d; };
                struct node {
                    ident_t *ids /* [inout, counted_by(2)] */;
                    const char *name;
                    struct node *next;
                    enum color *colors /* [in, counted_by(n)] */;
                    int n;
                    struct { unsigned bits : 3; char *deep; };
                    int (*visit)(ident_t id, enum color c, struct node *n, struct pair p);
                    struct pair (*table[2])(void);
                };
                int helper(struct node *n);
                extern int counter;
            """)
            first.set_source("first", """
                typedef short ident_t;
                enum color { RED, GREEN = 5 };
                struct pair { char c; double d; };
                struct node {
                    ident_t *ids; const char *name; struct node *next; enum color *colors; int n;
                    struct { unsigned bits : 3; char *deep; };
                    int (*visit)(ident_t id, enum color c, struct node *n, struct pair p);
                    struct pair (*table[2])(void);
                };
                static int helper(struct node *n) { return n->n; }
                static int counter;
            """)
            first.compile()
            second = FFI()
            second.include(first)
            second.embedding_api("int walk(struct node *n);")
            second.set_source("second", "")
            second.compile()
            ''')
        self.succeed("build.py")
        text = self.read("second.c")
        rows = re.sub(r"/\* (\w+) \*/, \d+", r"\1", text)
        for row in ("ids, COIL_CROSS_BLOCK_INOUT, 0, 8, sizeof(int16_t), 1, 0, 0, 0 }",
                    "next, COIL_CROSS_BLOCK_INOUT, 16, 8, 80, 0, 0, 2, 0 }",
                    "colors, COIL_CROSS_BLOCK_IN, 24, 8, sizeof(uint32_t), 3, 0, 0, 0 }",
                    "deep, COIL_CROSS_STRING_INOUT, 48, 8, 0, 0, 0, 0, 0 }",
                    "visit, COIL_CROSS_FUNCTION, 56, 8, 0, 0, 0, 0, 1 }",
                    "table, COIL_CROSS_VALUE, 64, 16, 0, 0, 0, 1, 0 }",
                    "alignas(8) unsigned char p[16];"):
            self.assertIn(row, rows)
        self.assertNotIn("helper", text)
        self.assertNotIn("counter", text)

    def test_a_header_of_the_users_own_survives(self):
        text = "typedef struct { int x, y; } point_t;\nint do_stuff(point_t *);\n"
        self.write("plugin.h", text)
        self.write("build.py", '''\
            import cffi
            ffibuilder = cffi.FFI()
            with open("plugin.h") as f:
                ffibuilder.embedding_api(f.read())
            ffibuilder.set_source("plugin", '#include "plugin.h"')
            ffibuilder.compile(target="plugin.*", verbose=True)
            ''')
        self.succeed("build.py")
        self.assertEqual(self.read("plugin.h"), text)
        self.assertIn("do_stuff", self.exports("plugin.so"))

    def test_the_header_is_c_and_cxx(self):
        self.write("build.py", embedding())
        self.succeed("build.py")
        self.write("use.c", '#include "plug.h"\n#include "plug.h"\nint main(void) { return add(1, 2); }\n')
        for compiler in ["cc", "-std=c99"], ["c++", "-x", "c++"]:
            done = self.run_command(compiler + ["-Wall", "-Wextra", "-Werror", "-c", "use.c", "-o", "use.o"], {})
            self.assertEqual(done.status, 0, done.stderr)

    def test_emitted_c_builds_by_hand(self):
        self.write("build.py", embedding("ffi.emit_c_code('by_hand.c')"))
        self.succeed("build.py")
        self.assertEqual(self.files(), ["by_hand.c"])
        done = self.run_command(["cc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "by_hand.c", "-o", "by_hand.so",
                                 "-I" + os.path.join(support.build, "include"), "-L" + os.path.join(support.build, "lib"),
                                 "-lcoil"], {})
        self.assertEqual(done.status, 0, done.stderr)
        self.assertIn("add", self.exports("by_hand.so"))

    def test_compiler_failure(self):
        self.write("build.py", embedding(source="int x = nonsense;\n"))
        done = self.stubgen("build.py")
        self.assertNotEqual(done.status, 0)
        self.assertIn("nonsense", done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.assertNotIn("plug.so", self.files())

    def test_examples(self):
        for example in "embedding", "plugin":
            folder = os.path.join(self.work, example)
            subprocess.run(["cp", "-R", os.path.join(support.ROOT, "examples", example), folder], check=True)
            done = self.run_command(["make", "-C", folder, "COIL=" + support.build, "main"], {})
            self.assertEqual(done.status, 0, done.stdout + done.stderr)

    def test_the_embedding_example_is_a_cffi_script(self):
        subprocess.run(["cp", "-R", os.path.join(support.ROOT, "examples", "embedding"), self.work], check=True)
        self.cffi("embedding/build.py")
        self.assertIn("adder.so", self.files())


class Emitting(RealCase):
    def test_file_and_mtime(self):
        self.write("build.py", embedding("ffi.emit_c_code('x.c')"))
        self.succeed("build.py")
        first = self.read("x.c")
        self.assertIn("add", first)
        os.utime(os.path.join(self.work, "x.c"), (1000, 1000))
        self.succeed("build.py")
        self.assertEqual(os.stat(os.path.join(self.work, "x.c")).st_mtime, 1000)
        self.write("build.py", embedding("import io; f = io.StringIO(); ffi.emit_c_code(f); print(f.getvalue())")
                   .replace("print(import io; f = io.StringIO(); ffi.emit_c_code(f); print(f.getvalue()))",
                            "import io; f = io.StringIO(); ffi.emit_c_code(f); print(f.getvalue(), end='')"))
        self.assertEqual(self.succeed("build.py").stdout, first)

    def test_no_temporary_name_gets_into_the_output(self):
        self.write("build.py", embedding("ffi.emit_c_code('x.c')", source="int x;\n"))
        self.succeed("build.py")
        self.assertNotIn(self.temporary, self.read("x.c"))


class Errors(RealCase):
    def test_a_declaration_is_shown_where_it_stands_in_the_script(self):
        self.write("build.py", '''\
            from cffi import FFI
            ffi = FFI()
            ffi.embedding_api("""
                int add(int x, nonsense y);
            """)
            ffi.set_source("plug", "")
            ffi.compile()
            ''')
        done = self.stubgen("build.py")
        self.assertNotEqual(done.status, 0)
        self.assertRegex(done.stderr, r"\Abuild\.py:4:20: error: .*nonsense")
        self.assertRegex(done.stderr, r"\n +int add\(int x, nonsense y\);\n +\^")
        self.assertNotIn("Traceback", done.stderr)
        self.assertEqual(self.files(), [])

    def test_a_declaration_from_a_file(self):
        self.write("api.txt", "int f(void);\nint g(;\n")
        self.write("build.py", "from cffi import FFI\nffi = FFI()\nffi.cdef(open('api.txt').read())\n"
                   "ffi.set_source('plug', '')\nffi.compile()\n")
        self.assertRegex(self.stubgen("build.py").stderr, r"\Abuild\.py:3: cdef\(\):2:\d+: error: ")

    def test_scripts_may_catch_it(self):
        self.write("build.py", "import cffi\nffi = cffi.FFI()\nffi.cdef('int f(')\nffi.set_source('plug', '')\n"
                   "try:\n    ffi.compile()\nexcept cffi.CDefError:\n    print('caught')\n")
        self.assertEqual(self.succeed("build.py").stdout, "caught\n")

    def test_no_script(self):
        done = self.stubgen("missing.py")
        self.assertNotEqual(done.status, 0)
        self.assertIn("missing.py", done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def test_no_argument(self):
        done = self.stubgen()
        self.assertNotEqual(done.status, 0)
        self.assertIn("build script", done.stderr)

    def test_the_scripts_own_end(self):
        self.write("build.py", "import sys\nfrom cffi import FFI\nif 'raise' in sys.argv: raise RuntimeError('own')\n"
                   "sys.exit(5)\n")
        done = self.stubgen("build.py", "raise")
        self.assertEqual(done.status, 1)
        self.assertRegex(done.stderr, r"\ATraceback[^\0]*RuntimeError: own\n\Z")
        self.write("build.py", "import sys\nsys.exit(5)\n")
        self.assertEqual(self.stubgen("build.py").status, 5)

    def test_generated_nothing(self):
        self.write("build.py", embedding("'built by setup.py'"))
        done = self.stubgen("build.py")
        self.assertEqual(done.status, 1)
        self.assertIn("generated nothing: it never calls compile()", done.stderr)

    def test_init_code_syntax(self):
        self.write("build.py", "from cffi import FFI\nffi = FFI()\nffi.set_source('plug', '')\n"
                   "ffi.embedding_init_code('''\n    x = 1\n    y = = 2\n''')\nffi.compile()\n")
        done = self.stubgen("build.py")
        self.assertEqual(done.status, 1)
        self.assertIn("File \"<init code for 'plug'>\", line 2\n    y = = 2\n", done.stderr)


class Environment(RealCase):
    def test_the_script_runs_as_python_runs_it(self):
        self.write("sub/helper.py", "API = 'int f(void);'\n")
        self.write("sub/build.py", '''\
            import os, sys
            from cffi import FFI
            import helper
            assert __name__ == "__main__" and __file__.endswith("sub/build.py"), (__name__, __file__)
            assert sys.argv == ["sub/build.py", "--flag", "value"], sys.argv
            assert "/other/packages" in sys.path
            assert os.getcwd() != os.path.dirname(os.path.abspath(__file__))
            ffi = FFI()
            ffi.cdef(helper.API)
            ffi.set_source("plug", "int f(void);")
            ffi.emit_c_code("here.c")
            ''')
        self.succeed("sub/build.py", "--flag", "value", PYTHONPATH="/other/packages")
        self.assertEqual(self.files(), ["here.c"])

    @unittest.skipUnless(os.path.exists("/usr/bin/env"), "needs env")
    def test_found_through_path(self):
        self.write("build.py", embedding("ffi.emit_c_code('x.c')"))
        path = os.path.join(support.build, "bin") + ":" + os.environ["PATH"]
        done = self.run_command(["/usr/bin/env", "PATH=" + path, "coil-stubgen", "build.py"], {})
        self.assertEqual(done.status, 0, done.stderr)
