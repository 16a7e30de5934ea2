"""What peers build and start themselves with, and how a part talks to their drivers.

A peer is a folder of bench/peers with a peer.py; README.md says what that has to hold.
"""
import glob
import importlib.util
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
PYTHON = "/usr/bin/python3"


class Trouble(Exception):
    pass


def say(text):
    print(text, flush=True)


def command(arguments, folder, env, timeout=600):
    done = subprocess.run(arguments, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=timeout, errors="replace")
    if done.returncode != 0:
        raise Trouble("%s ended with status %d\n%s%s" % (" ".join(arguments), done.returncode, done.stdout, done.stderr))
    return done.stdout


class Driver:
    """One running driver; `ask` sends a command, `answer` waits for its line."""

    def __init__(self, peer, arguments=()):
        self.peer = peer
        self.process = subprocess.Popen(["./driver", *arguments], cwd=peer.folder, env=peer.environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def send(self, text):
        try:
            self.process.stdin.write(text + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self.fail(text)

    def answer(self, text, timeout=120):
        ready, _, _ = select.select([self.process.stdout], [], [], timeout)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            self.fail(text)
        return json.loads(line)

    def ask(self, text):
        self.send(text)
        return self.answer(text)

    def fail(self, text):
        self.process.kill()
        _, err = self.process.communicate()
        raise Trouble("%s did not answer '%s' (status %s)\n%s" % (self.peer.name, text, self.process.returncode, err))

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()
        self.process.stderr.close()


class Peer:
    """A folder of bench/peers: what it says of itself (peer.py), and the kit it builds itself with."""

    def __init__(self, name, bench):
        self.name, self.bench = name, bench
        self.source = os.path.join(HERE, "peers", name)
        self.folder = os.path.join(bench.work, name)
        spec = importlib.util.spec_from_file_location("peer_" + name, os.path.join(self.source, "peer.py"))
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        self.title, self.packages, self.works = self.module.TITLE, self.module.PACKAGES, self.module.WORKS
        self.spins = getattr(self.module, "SPINS", False)
        self.environment = dict(bench.environment, **getattr(self.module, "ENVIRONMENT", {}))
        self.environment["BENCH_SOCKET"] = os.path.join(self.folder, "socket")
        self.server = None

    # ---- the kit ----

    python = PYTHON

    def coil(self, name):
        return os.path.join(self.bench.build, "bin", name)

    def copy(self, *names):
        for name in names:
            shutil.copy(os.path.join(HERE, "peers", name), self.folder)

    def run(self, *arguments):
        return command(list(arguments), self.folder, self.environment)

    @staticmethod
    def program(name):
        path = shutil.which(name)
        if not path:
            raise Trouble("there is no program '%s'" % name)
        return path

    def compile_library(self, *arguments):
        cpp = any(name.endswith((".cpp", ".cc")) for name in arguments)
        flags = [] if cpp else ["-Wall", "-Wextra"]
        self.run("c++" if cpp else "cc", "-O2", "-fPIC", "-shared", "-pthread", *flags, "-I.", "-I" + HERE,
                 "-I" + os.path.join(HERE, "peers"), "-o", "plugin.so", *arguments)

    def compile_embedding(self, *arguments):
        config = [PYTHON, os.path.join(ROOT, "make", "python_config.py")]
        version = self.run(*config, "--version").strip()
        self.compile_library(*self.run(*config, "--cflags").split(), *arguments, "-lpython" + version)

    def serve(self, script):
        """Starts a server that prints a line when it can be reached."""
        self.server = subprocess.Popen([PYTHON, script, self.environment["BENCH_SOCKET"]], cwd=self.folder,
                                       env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if self.server.stdout.readline() != "ready\n":
            raise Trouble("%s's server does not start" % self.name)

    # ---- the harness's side ----

    def build(self):
        shutil.copytree(self.source, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        self.module.build(self)
        self.run("cc", "-O2", "-o", "driver", *self.bench.driver_objects, "-L.", "-Wl,--no-as-needed",
                 "-l:plugin.so", "-Wl,--as-needed", "-Wl,-rpath,$ORIGIN",
                 "-Wl,--allow-shlib-undefined", "-lm", "-ldl", "-pthread")

    def start(self):
        if hasattr(self.module, "start"):
            self.module.start(self)

    def stop(self):
        if hasattr(self.module, "stop"):
            self.module.stop(self)
        if self.server:
            self.server.send_signal(signal.SIGKILL)
            self.server.communicate()

    def can(self, work):
        """Of first_1m as of all arrays: `first`."""
        return work in self.works or work.split("_")[0] in self.works

    def driver(self, *arguments):
        return Driver(self, arguments)


class Bench:
    """The peers that could be built here."""

    def __init__(self, build, work):
        self.build, self.work = os.path.abspath(build), work
        self.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": work, "LANG": "C.UTF-8", "TMPDIR": work,
                            "PYTHONDONTWRITEBYTECODE": "1", "COIL_SOCKET": os.path.join(work, "run", "coild.sock")}
        self.peers, self.left_out = {}, {}  # name: Peer; name: why
        self.driver_objects = []
        os.mkdir(os.path.join(work, "run"), 0o700)

    def prepare(self, names):
        sources = sorted(glob.glob(os.path.join(HERE, "driver", "*.c")))
        for source in sources:
            output = os.path.join(self.work, os.path.basename(source)[:-2] + ".o")
            command(["cc", "-O2", "-Wall", "-Wextra", "-fPIE", "-fno-plt", "-pthread", "-c", source, "-o", output],
                    self.work, self.environment)
            self.driver_objects.append(output)
        command(["cc", "-O2", "-Wall", "-Wextra", os.path.join(HERE, "parts", "spawn.c"), "-o", "spawn"], self.work,
                self.environment)
        for name in names:
            peer = Peer(name, self)
            missing = packages_missing(peer.packages)
            try:
                if missing:
                    raise Trouble("packages that are not installed: " + " ".join(missing))
                peer.build()
                peer.start()
            except (Trouble, OSError, subprocess.SubprocessError) as trouble:
                if name.startswith(("coil", "cffi")):  # without them there is nothing to compare
                    raise
                self.left_out[name] = str(trouble)
                say("left out: %s: %s" % (peer.title, trouble))
                continue
            self.peers[name] = peer

    def stop(self):
        for peer in self.peers.values():
            try:
                peer.stop()
            except (Trouble, OSError, subprocess.SubprocessError) as trouble:
                say("bench: %s: %s" % (peer.name, trouble))

    def can(self, work):
        return [peer for peer in self.peers.values() if peer.can(work)]


def peer_names():
    """As the tables have them: the limits first, then what runs in the program, then servers."""
    order = ["line", "futex", "vectorcall", "ctypes", "cffi", "pybind11", "coil_inprocess", "coil_remote"]
    found = [os.path.basename(os.path.dirname(path)) for path in glob.glob(os.path.join(HERE, "peers", "*", "peer.py"))]
    return sorted(found, key=lambda name: (order.index(name) if name in order else len(order), name))


def packages_missing(packages):
    """Of distributions that dpkg knows nothing of, nothing is said to be missing: the build will tell."""
    if not shutil.which("dpkg-query"):
        return []
    missing = []
    for package in packages:
        done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", package], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
        if "installed" not in done.stdout.replace("not-installed", ""):
            missing.append(package)
    return missing


def work_folder():
    return tempfile.mkdtemp(prefix="coil-bench-")
