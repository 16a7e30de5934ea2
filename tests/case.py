"""One end-to-end case: what a scripted case (tests/e2e/NAME/run.py) may ask of the runner.

The case's folder is copied into a work folder; its stubs are generated and its
program compiled there, once; then it runs in each of its modes, with a socket
and a runtime folder of its own.  Everything that a case starts is a descendant
of the process that runs it (a child subreaper), so that what is left over can
be found with certainty.
"""
import ctypes
import difflib
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import time

import memcheck

PYTHON = "/usr/bin/python3"
PR_SET_CHILD_SUBREAPER = 36


class Failure(Exception):
    """What was expected and what was found."""


class Skip(Exception):
    """Why a case cannot run here."""


class Result:
    def __init__(self, status, stdout, stderr):
        self.status, self.stdout, self.stderr = status, stdout, stderr


def become_subreaper():
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def signals_restore():
    """Every signal at its default and none blocked: under nohup or in a background job some arrive ignored."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGINT, signal.SIGPIPE}:
        signal.signal(number, signal.SIG_DFL)
    # Python's own: an exec makes the defaults of them.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def process_table():
    """{pid: (parent, state)} of every process."""
    table = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open("/proc/%s/stat" % entry) as file:
                    rest = file.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            table[int(entry)] = (int(rest[1]), rest[0])
    return table


def descendants(root=None):
    root = os.getpid() if root is None else root
    table = process_table()
    found = []
    for pid in table:
        up = pid
        while up in table and up != root and up > 1:
            up = table[up][0]
        if up == root and pid != root:
            found.append(pid)
    return sorted(found)


def command_line(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            return file.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return ""


def program_name(pid):
    try:
        return os.path.basename(os.readlink("/proc/%d/exe" % pid))
    except OSError:
        return ""


def stacks(pids):
    """What each process was doing: for the report of a time-out."""
    text = []
    for pid in pids:
        text.append("process %d: %s" % (pid, command_line(pid)))
        for task in sorted(glob.glob("/proc/%d/task/*" % pid)):
            facts = []
            for name in ("comm", "wchan", "syscall"):
                try:
                    with open(os.path.join(task, name)) as file:
                        facts.append("%s %s" % (name, file.read().strip()))
                except OSError:
                    pass
            text.append("  thread %s: %s" % (os.path.basename(task), ", ".join(facts)))
        if shutil.which("gdb"):
            try:
                done = subprocess.run(["gdb", "-p", str(pid), "-batch", "-nx", "-ex", "thread apply all bt 14"],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                      timeout=30, text=True, errors="replace")
                text += ["    " + line for line in done.stdout.splitlines() if re.match(r"Thread|#\d", line)]
            except subprocess.TimeoutExpired:
                pass
    return "\n".join(text)


def lines_match(wanted, got):
    """Lines of text against a pattern: a line is exact, "~ regex", or "..." for any number of lines."""
    reachable = {0}  # how many lines of `got` the pattern so far may have taken
    for line in wanted:
        if line == "...":
            reachable = set(range(min(reachable), len(got) + 1)) if reachable else reachable
        elif line.startswith("~ "):
            reachable = {n + 1 for n in reachable if n < len(got) and re.fullmatch(line[2:], got[n])}
        else:
            reachable = {n + 1 for n in reachable if n < len(got) and got[n] == line}
    return len(got) in reachable


def difference(wanted, got, name):
    return "\n".join(difflib.unified_diff(wanted.splitlines(), got.splitlines(), "expected " + name, "got " + name,
                                          lineterm="", n=4))


class Case:
    def __init__(self, source, work, build, sanitize="", scale=1, memcheck=False):
        self.source = os.path.abspath(source)
        self.name = os.path.basename(self.source)
        self.work = work
        self.build = os.path.abspath(build)
        self.sanitize = sanitize
        self.scale = scale
        self.memcheck = memcheck
        self.slow = 4 if sanitize or memcheck else 1
        self.mode = None
        self.env = None
        self.run_folder = None
        self.crashes = False  # a scripted case sets it when the daemon's log may tell of a crash
        self.stays_in = False  # a scripted case sets it when even in daemon mode Python runs in the program

    # ---- files of the case ----

    def has(self, name):
        return os.path.exists(os.path.join(self.source, name))

    def text(self, name, default=None):
        path = os.path.join(self.source, name)
        if not os.path.exists(path):
            return default
        with open(path, encoding="utf-8") as file:
            return file.read()

    def path(self, *names):
        return os.path.join(self.work, *names)

    def modes(self):
        default = "daemon inprocess" if self.has("run.py") or self.has("plugin.h") else "daemon inprocess cffi"
        modes = self.text("modes", default).split()
        unknown = set(modes) - {"daemon", "inprocess", "cffi"}
        if unknown or not modes:
            raise Failure("the file 'modes' must name some of daemon, inprocess, cffi; it has: " + " ".join(modes))
        return modes

    # ---- building ----

    def compile_with_coil(self, source, output, *flags):
        """For programs that include coil.h."""
        include, library = self.build + "/include", self.build + "/lib"
        self.compile(source, output, "-I" + include, *("./" + os.path.basename(name) for name in self.libraries()),
                     "-L" + library, "-Wl,-rpath," + library, "-Wl,-rpath,.", "-lcoil", *flags, link=False)

    def prepare(self, cffi=False):
        """Copies the case, generates its stub libraries and compiles main.c without any flag of coil's."""
        shutil.copytree(self.source, self.work, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        for script in sorted(glob.glob(self.path("build*.py"))):
            if cffi:
                self.tool([PYTHON, os.path.basename(script)])
            else:
                self.stubgen(os.path.basename(script))
        if self.has("plugin.h"):
            self.stubgen("plugin.h", "--module", "plugin", "--init", "init.py", "-o", ".")
        if self.has("main.c"):
            self.compile("main.c", "main")
        if self.memcheck:
            memcheck.prepare(self)

    def libraries(self):
        return sorted(glob.glob(self.path("*.so")))

    def stub_libraries(self):
        """Those that coil-stubgen has made."""
        return [path for path in self.libraries() if os.path.exists(path[:-len(".so")] + ".coil")]

    def compile(self, source, output, *flags, link=True):
        command = ["cc", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread", source, "-o", output]
        if self.sanitize:
            command += ["-fsanitize=" + self.sanitize, "-fno-omit-frame-pointer"]
        command += list(flags)
        if link:
            command += ["-L.", "-Wl,-rpath,$ORIGIN"] + ["-l:" + os.path.basename(name) for name in self.libraries()]
            # Where libcoil.so itself lies is the stub library's affair, not the program's.
            command += ["-Wl,--allow-shlib-undefined", "-lm", "-ldl"]
        self.tool(command)

    def stubgen(self, *arguments, check=True):
        return self.tool([os.path.join(self.build, "bin", "coil-stubgen")] + list(arguments), check=check)

    def tool(self, command, check=True, env=None, cwd=None):
        environment = self.clean_environment()
        environment.update(env or {})
        done = subprocess.run(command, cwd=cwd or self.work, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=240, text=True, errors="replace")
        if check and done.returncode != 0:
            raise Failure("%s\nended with status %d\n%s%s" % (" ".join(command), done.returncode, done.stdout, done.stderr))
        return Result(done.returncode, done.stdout, done.stderr)

    # ---- running ----

    def clean_environment(self):
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": self.work, "LANG": "C.UTF-8", "TMPDIR": self.work}
        if self.sanitize:
            # Python never frees everything it has, so leaks are looked for in the programs of daemon mode and in unit tests.
            environment["ASAN_OPTIONS"] = "detect_leaks=0:abort_on_error=0:exitcode=99"
            environment["UBSAN_OPTIONS"] = "print_stacktrace=1"
        return environment

    def sanitizer_preload(self):
        """For programs that are not ours and load our libraries: their first library must be the sanitizer's."""
        if not self.sanitize:
            return {}
        names = []
        for part, library in (("address", "libasan.so"), ("undefined", "libubsan.so"), ("thread", "libtsan.so")):
            if part in self.sanitize:
                names.append(subprocess.run(["cc", "-print-file-name=" + library], stdout=subprocess.PIPE, text=True,
                                            check=True).stdout.strip())
        return {"LD_PRELOAD": " ".join(names), "ASAN_OPTIONS": self.clean_environment()["ASAN_OPTIONS"]}

    def system_is_possible(self):
        """Can the case run under coild --system, which it does not start itself?"""
        return "daemon" in self.modes() and not self.has("run.py") and not self.has("not_system")

    def enter_mode(self, mode):
        self.run_folder = self.path("run-" + mode)
        is_system = mode == "system"
        mode = "daemon" if is_system else mode
        self.mode = mode
        os.mkdir(self.run_folder, 0o700)
        self.env = self.clean_environment()
        self.env["XDG_RUNTIME_DIR"] = self.run_folder
        self.env["COIL_TEST_SCALE"] = str(self.scale)
        if mode == "cffi":
            self.env["PYTHONUNBUFFERED"] = "1"
        else:
            self.env["COIL_MODE"] = mode
            self.env["COIL_SOCKET"] = self.socket
        if self.sanitize and mode == "daemon":
            self.env["ASAN_OPTIONS"] = self.env["ASAN_OPTIONS"].replace("detect_leaks=0", "detect_leaks=1")
        if is_system:
            self.start_system_daemon()

    @property
    def socket(self):
        return os.path.join(self.run_folder, "coild.sock")

    @property
    def program(self):
        return self.path("main")

    def popen(self, *arguments, program=None, env=None, **options):
        environment = dict(self.env)
        environment.update(env or {})
        environment = {name: value for name, value in environment.items() if value is not None}
        command = [program or self.program] + [str(argument) for argument in arguments]
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("cwd", self.work)
        if self.mode == "cffi" and program is None:
            # CFFI's Python has a buffer of its own; order can be compared only without buffers.
            command = ["stdbuf", "-o0"] + command
        if self.memcheck and program is None:
            command = memcheck.wrap(self, command, environment)
        return subprocess.Popen(command, env=environment, **options)

    def finish(self, process, timeout=30):
        try:
            out, err = process.communicate(timeout=timeout * self.slow)
        except subprocess.TimeoutExpired:
            report = stacks(descendants())
            process.kill()
            out, err = process.communicate()
            raise Failure("%s did not end within %d s\nstdout so far:\n%s\nstderr so far:\n%s\n%s" % (
                " ".join(process.args), timeout * self.slow, (out or b"").decode("utf-8", "replace"),
                (err or b"").decode("utf-8", "replace"), report))
        text = (err or b"").decode("utf-8", "replace")
        if self.sanitize:
            # Said in each forked child of a program with threads.
            text = re.sub(r"(?m)^==\d+==Running thread \d+ was not suspended\. False leaks are possible\.\n", "", text)
        return Result(process.returncode, (out or b"").decode("utf-8", "replace"), text)

    def run(self, *arguments, timeout=30, **options):
        return self.finish(self.popen(*arguments, **options), timeout)

    def check(self, result, stdout=None, stderr="", status=0):
        """Compares a result: stdout exactly, stderr as a pattern of lines (None: not at all)."""
        problems = []
        if result.status != status:
            problems.append("status %d, expected %d" % (result.status, status))
        if stdout is not None and result.stdout != stdout:
            problems.append(difference(stdout, result.stdout, "stdout"))
        if stderr is not None and self.mode != "cffi" and not lines_match(stderr.splitlines(), result.stderr.splitlines()):
            problems.append(difference(stderr, result.stderr, "stderr"))
        if problems:
            if result.stderr and (stderr is None or self.mode == "cffi"):
                problems.append("stderr was:\n" + result.stderr)
            raise Failure("\n".join(problems))

    def check_expected(self, result):
        self.check(result, self.text("expected.stdout", ""), self.text("expected.stderr", ""),
                   int(self.text("expected.status", "0")))

    def note(self, text):
        """Figures, and how far a long case has got: shown at once."""
        print(json.dumps(["note", text]), flush=True)

    def expect(self, condition, message):
        if not condition:
            raise Failure(message)

    def equal(self, got, wanted, what):
        if got != wanted:
            raise Failure("%s: got %r, expected %r" % (what, got, wanted))

    def matches(self, text, regex, what="text"):
        if not re.search(regex, text):
            raise Failure("%s does not match %r:\n%s" % (what, regex, text))

    def wait_for(self, condition, what, timeout=10):
        end = time.monotonic() + timeout * self.slow
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.01)
        raise Failure("%s: not within %d s" % (what, timeout * self.slow))

    # ---- the daemon ----

    def start_daemon(self, *arguments):
        """Starts coild with options; where programs find it, with the log that they would give it."""
        log = os.path.join(self.run_folder, "coild.log")
        daemon = self.popen("--socket", self.socket, "--log", log, *arguments,
                            program=os.path.join(self.build, "bin", "coild"), stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
        self.wait_for(lambda: os.path.exists(self.socket), "coild listens")
        return daemon

    def coilctl(self, *arguments, env=None):
        environment = dict(self.env)
        environment.update(env or {})
        done = subprocess.run([os.path.join(self.build, "bin", "coilctl")] + list(arguments), env=environment,
                              cwd=self.work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=20 * self.slow, text=True, errors="replace")
        return Result(done.returncode, done.stdout, done.stderr)

    def daemons(self):
        return [pid for pid in descendants() if program_name(pid) == "coild"]

    def start_system_daemon(self):
        """coild --system of this user, with the case's modules; leave_mode() stops it."""
        modules = self.path("modules")
        self.stubgen("--register", "--into", modules, *self.stub_libraries())
        self.start_daemon("--system", "--modules", modules)

    def stop_daemon(self, daemon):
        self.equal(self.coilctl("stop").status, 0, "coilctl stop")
        self.equal(self.finish(daemon).status, 0, "status of coild")

    def spares(self, state=""):
        """Workers that wait for a program with COIL_INTERPRETER=private."""
        return [int(pid) for pid, body in re.findall(r"(?m)^worker: generation \d+, pid (\d+), (.*\n(?:  .*\n)*)",
                                                     self.coilctl("status").stdout)
                if body.startswith(state) and "\n  spare: " in body]

    def workers(self):
        return [pid for pid in descendants() if program_name(pid) == "coil-worker"]

    def worker(self):
        """The one worker that is alive."""
        return self.wait_for(lambda: len(self.workers()) == 1 and self.workers(), "one worker")[0]

    @staticmethod
    def fds(pid):
        return len(os.listdir("/proc/%d/fd" % pid))

    def kill(self, pid, number=signal.SIGKILL):
        os.kill(pid, number)

    def check_place(self):
        """That the mode was what it says: a daemon has run, or none has."""
        ran = bool(glob.glob(os.path.join(self.run_folder, "**", "coild.log"), recursive=True))
        if ran != (self.mode == "daemon" and not self.stays_in):
            raise Failure("a daemon was started" if ran else "no daemon was started: where did Python run?")

    # ---- afterwards ----

    def leave_mode(self):
        """Stops the daemon and returns what was left behind, as lines."""
        left = []
        if self.mode == "daemon" and self.daemons():
            stop = self.coilctl("stop")
            if stop.status != 0:
                left.append("coilctl stop: status %d: %s" % (stop.status, (stop.stdout + stop.stderr).strip()))
        left += self.reap(8 if self.mode == "daemon" else 2)
        left += memcheck.take_reports(self)
        for folder, _, names in os.walk(self.run_folder):
            for name in names:
                path = os.path.join(folder, name)
                if name.endswith(".log"):
                    left += self.sanitizer_reports(path)
                else:
                    left.append("left behind: %s" % os.path.relpath(path, self.work))
        return left

    def log_tail(self, count=25):
        lines = []
        for path in glob.glob(os.path.join(self.run_folder, "**", "*.log"), recursive=True):
            with open(path, errors="replace") as file:
                lines += ["%s: %s" % (os.path.basename(path), line.rstrip("\n")) for line in file.readlines()[-count:]]
        return lines

    def sanitizer_reports(self, path):
        with open(path, errors="replace") as file:
            text = file.read()
        if not self.crashes and re.search(r"ERROR: \w+Sanitizer|runtime error:", text):
            return ["the daemon's log has:\n" + text]
        return []

    def reap(self, patience):
        """Waits until nothing is left of what the case started; what stays is named and killed."""
        end = time.monotonic() + patience * self.slow
        while True:
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                pass
            alive = descendants()
            if not alive:
                return []
            if time.monotonic() > end:
                break
            time.sleep(0.01)
        left = ["process left behind: %d %s" % (pid, command_line(pid)) for pid in alive]
        for pid in alive:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
        return left
