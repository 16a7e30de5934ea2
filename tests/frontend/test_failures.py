"""How a script ends when something goes wrong, and when it generates nothing."""
from support import FakeCase

SCRIPT = "import cffi, sys\nffi = cffi.FFI()\nffi.embedding_api('')\nffi.set_source('p', '')\n"


class CoreFailure(FakeCase):
    def test_its_status_and_its_words_are_the_scripts(self):
        done = self.fake(SCRIPT + "ffi.compile()\nprint('not reached')\n", FAKE_STATUS="3")
        self.assertEqual((done.status, done.stdout, done.stderr), (3, "", "build.py:3:9: error: fake\n"))
        done = self.fake(SCRIPT + "ffi.emit_c_code('x.c')\n", FAKE_STATUS="1")
        self.assertEqual((done.status, done.stderr), (1, "build.py:3:9: error: fake\n"))

    def test_scripts_that_catch_cffis_errors(self):
        for kind in "cffi.CDefError", "cffi.VerificationError", "SystemExit", "Exception":
            done = self.fake(SCRIPT + "try:\n    ffi.compile()\nexcept %s as e:\n    print('caught', e)\n" % kind,
                             FAKE_STATUS="1")
            self.assertEqual((done.status, done.stdout),
                             (0, "caught coil-stubgen could not generate 'p'; its messages are on stderr\n"))

    def test_output_keeps_its_order(self):
        done = self.fake("import os, sys\nos.dup2(1, 2)\n" + SCRIPT + "print('before')\nffi.compile()\n", FAKE_STATUS="1")
        self.assertEqual(done.stdout, "before\nbuild.py:3:9: error: fake\n")

    def test_killed(self):
        done = self.fake(SCRIPT + "ffi.compile()\n", FAKE_SIGNAL="9")
        self.assertEqual((done.status, done.stderr), (137, "coil-stubgen: generating 'p' was ended by signal 9\n"))

    def test_no_core(self):
        done = self.fake(SCRIPT + "ffi.compile()\n", COIL_STUBGEN=None)
        self.assertEqual(done.status, 1)
        self.assertRegex(done.stderr, r"FFIError: this `cffi` is coil's .* run `coil-stubgen build.py`\n$")
        done = self.fake(SCRIPT + "ffi.compile()\n", COIL_STUBGEN="/nowhere")
        self.assertEqual(done.status, 1)
        self.assertRegex(done.stderr, r"FFIError: cannot run /nowhere: No such file or directory")


class GeneratedNothing(FakeCase):
    def check_complaint(self, script, pattern):
        done = self.fake(script)
        self.assertEqual((done.status, self.calls), (1, []))
        self.assertRegex(done.stderr, r"^coil-stubgen: build\.py generated nothing: it never " + pattern)

    def test_complaints(self):
        self.check_complaint(SCRIPT, r"calls compile\(\) or emit_c_code\(\) for module 'p'; end it with\n")
        self.check_complaint("from cffi import FFI\nffi = FFI()\n", r"calls set_source\(")
        self.check_complaint("import cffi\n", r"makes an FFI\(\) object")
        self.check_complaint(SCRIPT + "sys.exit()\n", "calls compile")

    def test_other_ends_are_not_disturbed(self):
        done = self.fake(SCRIPT + "raise RuntimeError('own')\n")
        self.assertEqual(done.status, 1)
        self.assertRegex(done.stderr, r"\ARaised|\ATraceback[^\0]*RuntimeError: own\n\Z")
        # The script's own children are not build scripts.
        done = self.fake(SCRIPT + "import subprocess\nffi.compile()\n"
                         "print(subprocess.run([sys.executable, '-c', 'import cffi']).returncode, flush=True)\n"
                         "import os\npid = os.fork()\nif pid == 0: sys.exit()\nprint(os.waitpid(pid, 0)[1])\n")
        self.assertEqual((done.status, done.stdout.split(), done.stderr), (0, ["0", "0"], ""))

    def test_several_modules_and_arguments(self):
        done = self.fake("import cffi, sys\nfor name in sys.argv[1:]:\n    ffi = cffi.FFI()\n    ffi.embedding_api('')\n"
                         "    ffi.set_source(name, '')\n    ffi.compile()\n", "one", "two")
        self.assertEqual((done.status, len(self.calls)), (0, 2))
        self.assertIn("one.so", self.files())
        self.assertIn("two.so", self.files())


class Names(FakeCase):
    def test_what_scripts_import(self):
        done = self.fake(SCRIPT + "from cffi import *\nfrom cffi import PkgConfigError, FFIError\nFFI, CDefError\n"
                         "VerificationError, VerificationMissing\nfrom cffi.error import CDefError\nfrom cffi.api import FFI\n"
                         "assert FFI.error is FFIError\nassert cffi.__version_info__ >= (1, 5)\n"
                         "assert str(cffi.CDefError('x', 3)) and CDefError.__module__ == 'cffi'\nffi.compile()\n")
        self.assertEqual((done.status, done.stderr), (0, ""))
