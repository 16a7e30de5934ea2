"""What a test of the installed coil may ask for: the prefix, an empty folder, and commands in a clean environment."""
import os
import shutil
import subprocess

import case as support

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


class Place:
    def __init__(self, base, prefix, options, name):
        self.root = ROOT
        self.prefix = prefix
        self.build = os.path.abspath(options.build)
        self.is_long = options.long
        self.make_command = options.make.split()
        self.work = os.path.join(base, name)
        self.run_folder = os.path.join(self.work, ".run")
        os.mkdir(self.work)
        os.mkdir(self.run_folder, 0o700)
        # Nothing here leads to coil but what pkg-config and CMake need for a prefix that is not the system's.
        self.env = {"PATH": PATH, "HOME": self.work, "LANG": "C.UTF-8", "XDG_RUNTIME_DIR": self.run_folder,
                    "PKG_CONFIG_PATH": os.path.join(prefix, "lib", "pkgconfig")}

    def path(self, *names):
        return os.path.join(self.work, *names)

    def installed(self, *names):
        return os.path.join(self.prefix, *names)

    @property
    def socket(self):
        return os.path.join(self.run_folder, "coil", "coild.sock")

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def need(self, program, package):
        found = shutil.which(program, path=PATH)
        if not found:
            raise support.Skip("there is no %s here (Debian: %s)" % (program, package))
        return found

    def run(self, *command, status=0, stdout=None, stderr=None, cwd=None, env=None, timeout=120):
        """Runs a command; `status` None: whatever.  `stdout` and `stderr`: exactly."""
        environment = dict(self.env, **(env or {}))
        environment = {name: value for name, value in environment.items() if value is not None}
        done = subprocess.run([str(word) for word in command], cwd=cwd or self.work, env=environment, timeout=timeout,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              errors="replace")
        words = " ".join(str(word) for word in command)
        if status is not None and done.returncode != status:
            raise support.Failure("%s\nended with status %d, not %d\n%s%s" % (words, done.returncode, status, done.stdout,
                                                                             done.stderr))
        for name, wanted, got in (("stdout", stdout, done.stdout), ("stderr", stderr, done.stderr)):
            if wanted is not None and wanted != got:
                raise support.Failure("%s\n%s" % (words, support.difference(wanted, got, name)))
        return support.Result(done.returncode, done.stdout, done.stderr)

    def make(self, *arguments):
        return self.run(*self.make_command, "--no-print-directory", "-C", self.root, "BUILD=" + self.build, "SETUP=no",
                        *arguments)

    def flags(self, *arguments):
        return self.run("pkg-config", *arguments).stdout.split()

    def in_both_modes(self, *command, stdout, stderr="", cwd=None, env=None):
        """Without a word about where: the daemon is started by the program, and both print the same."""
        for mode in ("daemon", "inprocess"):
            self.run(*command, stdout=stdout, stderr=stderr, cwd=cwd, env=dict(env or {}, COIL_MODE=mode))
            self.expect(os.path.exists(self.socket) == (mode == "daemon"),
                        "%s mode: %s" % (mode, "no daemon was started" if mode == "daemon" else "a daemon is there"))
            if mode == "daemon":
                self.stop()

    def stop(self):
        self.run(self.installed("bin", "coilctl"), "stop", stdout="", stderr="")

    @staticmethod
    def expect(condition, text):
        if not condition:
            raise support.Failure(text)

    @staticmethod
    def equal(got, wanted, what):
        if got != wanted:
            raise support.Failure("%s: got %r, expected %r" % (what, got, wanted))

    def leave(self):
        """Lines about what is left of the test: a daemon, files in its runtime folder."""
        left = support.Case(self.work, self.work, self.build).reap(5)
        for folder, _, names in os.walk(self.run_folder):
            left += ["left behind: " + os.path.join(folder, name) for name in names if not name.endswith(".log")]
        return left
