"""A folder with a build script in it, run by the fake core, by the real one, or by CFFI itself."""
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import textwrap
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PACKAGES = os.path.join(ROOT, "stubgen", "python")
PYTHON = sys.executable
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")

build = os.path.join(ROOT, "build")  # set by run.py


class Done:
    def __init__(self, status, stdout, stderr):
        self.status, self.stdout, self.stderr = status, stdout, stderr


class ScriptCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="coil-frontend-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.temporary = os.path.join(self.folder, "tmp")
        os.mkdir(self.temporary)
        self.work = os.path.join(self.folder, "work")
        os.mkdir(self.work)

    def write(self, name, text):
        path = os.path.join(self.work, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(textwrap.dedent(text))
        return path

    def read(self, name):
        with open(os.path.join(self.work, name), encoding="utf-8") as file:
            return file.read()

    def files(self):
        """Every file below the work folder, without the script and what Python leaves."""
        found = []
        for folder, _, names in os.walk(self.work):
            found += [os.path.relpath(os.path.join(folder, name), self.work) for name in names]
        return sorted(name for name in found if not name.endswith((".py", ".pyc")))

    def run_command(self, command, environment, timeout=120):
        env = {name: value for name, value in os.environ.items()
               if not name.startswith(("COIL_", "PYTHON")) and name not in ("FAKE_STATUS", "FAKE_SIGNAL")}
        env.update(TMPDIR=self.temporary, PYTHONDONTWRITEBYTECODE="1", LC_ALL="C.UTF-8")
        env.update(environment)
        done = subprocess.run(command, cwd=self.work, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout)
        self.assertEqual(os.listdir(self.temporary), [], "temporary files are left")
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


class FakeCase(ScriptCase):
    """Runs a script against fake_core.py."""

    def fake(self, script, *arguments, name="build.py", **environment):
        """Runs the text as a build script; self.calls has what the core was asked for, call by call."""
        record = os.path.join(self.folder, "record")
        if os.path.exists(record):
            os.unlink(record)
        if script is not None:
            self.write(name, script)
        settings = {"PYTHONPATH": PACKAGES, "COIL_STUBGEN": os.path.join(HERE, "fake_core.py"), "FAKE_RECORD": record}
        settings.update(environment)
        done = self.run_command([PYTHON, name] + list(arguments),
                                {key: value for key, value in settings.items() if value is not None})
        self.calls = []
        if os.path.exists(record):
            with open(record) as file:
                self.calls = [json.loads(line) for line in file]
        return done

    def generated(self, script, calls=1, **environment):
        """Runs a script that must succeed and call the core so often; returns the last call's options."""
        done = self.fake(script, **environment)
        self.assertEqual((done.status, done.stderr), (0, ""))
        self.assertEqual(len(self.calls), calls)
        return [tuple(option) for option in self.calls[-1]["options"]]

    def values(self, options, *names):
        return [value for name, value in options if name in names]

    def check_error(self, script, kind, pattern):
        """The script raises `kind`, and its message matches."""
        done = self.fake(script)
        self.assertEqual(done.status, 1, done.stderr)
        last = [line for line in done.stderr.splitlines() if line and not line.startswith(" ")][-1]
        self.assertRegex(last, r"^(cffi\.)?%s: .*%s" % (kind, pattern))
        self.assertEqual(self.calls, [])


class RealCase(ScriptCase):
    """Runs build/bin/coil-stubgen, and CFFI itself beside it."""

    def setUp(self):
        super().setUp()
        self.program = os.path.join(build, "bin", "coil-stubgen")
        if not os.access(self.program, os.X_OK):
            self.skipTest("%s is not built" % self.program)

    def stubgen(self, *arguments, **environment):
        return self.run_command([self.program] + list(arguments), environment)

    def succeed(self, *arguments, **environment):
        done = self.stubgen(*arguments, **environment)
        self.assertEqual(done.status, 0, done.stdout + done.stderr)
        return done

    def cffi(self, script):
        try:
            subprocess.run([PYTHON, "-c", "import cffi"], check=True, stderr=subprocess.DEVNULL)
        except subprocess.CalledProcessError:
            self.skipTest("CFFI is not installed")
        done = self.run_command([PYTHON, script], {})
        self.assertEqual(done.status, 0, done.stdout + done.stderr)
        return done
