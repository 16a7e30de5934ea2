"""Misuse raises what CFFI raises, and init code comes out as CFFI takes it: both packages run the same lines."""
import subprocess

from support import PYTHON, FakeCase

PROLOGUE = "import cffi, os\nfrom cffi import *\nffi = FFI()\nother = FFI()\n"

MISUSE = [
    "ffi.cdef(3)",
    "ffi.cdef('extern int x;', packed=True, pack=2)",
    "ffi.cdef('extern int x;', packed=2)",
    "ffi.cdef('extern int x;', pack=3)",
    "ffi.cdef('extern int x;', override=True, nonsense=1)",
    "ffi.embedding_api('extern int x;', True)",  # legal: packed
    "ffi.embedding_api('extern int x;', override=True)",
    "ffi.embedding_init_code('a = 1'); ffi.embedding_init_code('a = 2')",
    "ffi.embedding_init_code(''); ffi.embedding_init_code('')",
    "ffi.embedding_init_code('if')",
    "ffi.embedding_init_code('  a\\n b\\n  c')",
    "ffi.embedding_init_code(None)",
    "ffi.set_source('a', ''); ffi.set_source('a', '')",
    "ffi.set_source('a/b', '')",
    "ffi.set_source(3, '')",
    "ffi.set_source('a')",
    "ffi.set_source('a', '', '.cpp')",  # legal
    "ffi.set_source(module_name='a', source='', source_extension='.c')",  # legal
    "ffi.set_source_pkgconfig('a', 'one', '')",
    "ffi.set_source_pkgconfig('a', ['no-such-package-as-this'], '')",
    "ffi.set_source_pkgconfig('a', [], '', libraries=['m'])",  # legal
    "ffi.compile()",
    "ffi.compile('.', 0, None, None, None)",
    "ffi.emit_c_code('x.c')",
    "ffi.emit_python_code('x.py')",
    "ffi.set_source('a', ''); ffi.emit_python_code('x.py')",
    "ffi.set_source('a', None); ffi.emit_c_code('x.c')",
    "ffi.set_source('a', None); ffi.distutils_extension()",
    "ffi.distutils_extension()",
    "ffi.include(3)",
    "ffi.include(ffi)",
    "other.cdef('struct s { int x; };'); ffi.include(other)",  # legal
    "ffi.def_extern()",
    "ffi.nonsense",
]

INIT_CODES = [
    "a = 1", "\n\n  a = 1\n  b = 2\n", "\n   \n\tif 1:\n\t    a = 1\n", "  a = 1\n   \n  b = 2", "    if 1:\n        a = 1\n\n",
    "  a = 1\n\n\n  b = '''\n  x\n   y'''\n", "  # comment\n  a = 1\n  ",
]


class Parity(FakeCase):
    def setUp(self):
        super().setUp()
        if subprocess.run([PYTHON, "-c", "import cffi"], stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("CFFI is not installed")

    def both(self, script):
        """What the same script prints under CFFI and here."""
        self.write("build.py", script)
        theirs = self.run_command([PYTHON, "build.py"], {})
        self.assertEqual(theirs.status, 0, theirs.stderr)
        ours = self.fake(None)
        return theirs.stdout.splitlines(), ours.stdout.splitlines(), ours

    def test_misuse(self):
        script = PROLOGUE + "lines = %r\nfor line in lines:\n    ffi, other = FFI(), FFI()\n" % (MISUSE,)
        script += ("    try:\n        exec(line)\n        print('legal', '|', line)\n"
                   "    except Exception as e:\n        print(type(e).__name__, '|', line)\n")
        theirs, ours, done = self.both(script)
        self.assertEqual(len(theirs), len(MISUSE))
        self.assertEqual(ours, theirs, done.stderr)

    def test_init_code(self):
        for code in INIT_CODES:
            with self.subTest(code=code):
                script = PROLOGUE + ("ffi.embedding_api('')\nffi.set_source('p', '')\nffi.embedding_init_code(%r)\n"
                                     "if hasattr(ffi, '_embedding') and isinstance(ffi._embedding, str): "
                                     "print(repr(ffi._embedding))\nelse: ffi.compile()\n" % code)
                theirs, _, _ = self.both(script)
                options = self.calls[0]["options"]
                self.assertEqual([repr(value) for name, value in options if name == "--init"], theirs)
