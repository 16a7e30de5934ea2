#!/usr/bin/python3
"""Makes the Nth thing that can fail do so, for every N.

    tests/faults/nth.py [--build DIR] [--all] [--seed N] [-k PATTERN]

fail_nth.c, loaded with LD_PRELOAD, counts what libcoil or coild asks of the C library and the kernel, and refuses the Nth (and,
in "sticky" phases, all after it).  N goes up from 1 until nothing is refused any more.  Each time

    - the program has its results or error values with a reason, in bounded time; the next calls work;
    - once nothing is refused any more, everything works, and the process has as many fds, threads and mappings as ever;
    - coild goes on, with as many fds as before, or says in one line why it ends; others do not notice.

In the phases that take long only every STRIDEth is tried, from a place that --seed says; with --all every one.
"""
import argparse
import fnmatch
import mmap
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), HERE]
import case as support  # noqa: E402

STRIDE = 12
LONG = ["private", "death", "reload"]  # phases in which workers start all the time
CALLS = ["call", "large", "callback", "slot", "region", "oneway", "later", "second", "thread"]
PRIVATE = {"COIL_INTERPRETER": "private"}

# name: parts of the program, environment, does each run start the daemon?  Refused is what libcoil asks for.
CLIENT = {
    "start": (["fail", "attach", "recover", "attach", "look"], {}, True),
    "attach": (["fail", "attach", "recover", "attach", "look"], {}, False),
    "attach private": (["fail", "attach", "recover", "attach", "look"], PRIVATE, False),
    "call": (["attach", "fail"] + CALLS + ["recover"] + CALLS + ["look"], {}, False),
    "call checked": (["attach", "fail", "call", "large", "callback", "recover", "call", "large", "callback", "look"],
                     {"COIL_CHECK": "1"}, False),
    "call deadline": (["attach", "fail", "call", "callback", "oneway", "thread", "recover"] + CALLS + ["look"],
                      {"COIL_TIMEOUT_MS": "15000"}, False),
    "death": (["attach", "fail", "die", "recover", "attach", "look"], {}, False),
    "detach": (["attach", "thread", "call", "fail", "thread", "leave"], {}, False),
}

# The same for what coild asks for, while programs come and go.
SERVER = {
    "serve": (["attach", "call", "thread", "second", "region", "leave"], {}),
    "serve private": (["attach", "call", "thread"], PRIVATE),
    "serve reload": (["attach", "reload", "die", "attach"], {}),
}

# What is imported and not refused: it cannot fail, or not in a way that a program could meet, or nobody could do anything then.
UNREFUSED = r"""_.* abort|access|alphasort|chdir|clock_gettime|close(_range|dir)?|dirfd|dirname|dl(error|open|sym|_iterate_phdr)|dup2|environ|execve|f(close|flush|gets|printf|write)
    ffi_(call|closure_free|prep_.*|type_.*) free|fstat(fs)?|get(auxval|env|sockname|egid|euid|pid|rlimit|opt_long)|localtime_r|lseek|mem(chr|cmp|cpy|move|set)
    ferror|fgetc|fputc|ftello|globfree|ini_.* kill|posix_spawn_file_actions_(adddup2|destroy) puts|sched_(getcpu|yield) strsep|strspn|strtoul|vfprintf mremap|msgpack_.* munmap|nanosleep|opt(arg|err|ind) pidfd_send_signal|poll|prctl|pread|printf|prlimit|process_vm_readv
    pthread_(attr_.*|cond(attr)?_.*|key_create|mutex_.*|once|setcancelstate|sigmask) pwrite|qsort(_r)?|read(dir)?|recv|sched_getaffinity|secure_getenv|select|sendto|sem_.*
    set(rlimit|sockopt|sid|vbuf) sig.* snprintf|stderr|stdout|str(chr|cmp|cpy|cspn|error|ftime|len|ncmp|nlen|rchr|signal|str|tol|toull) sysconf|time|umask
    unlink|unsetenv|uv_(close|is_.*|loop_close|now|poll_start|poll_stop|process_kill|run|signal_.*|spawn|strerror|timer_.*) vsnprintf|waitid|waitpid
    write|sync_.*""".split()


class Control:
    """The file that fail_nth.c maps."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(bytes(4096))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 4096)

    def prepare(self, on, left, sticky):
        self.memory[16:64] = bytes(48)
        struct.pack_into("<iiii", self.memory, 0, 0, left, 1 if sticky else 0, 0)
        struct.pack_into("<i", self.memory, 0, on)

    def off(self):
        struct.pack_into("<i", self.memory, 0, 0)

    def failed(self):
        return struct.unpack_from("<i", self.memory, 12)[0]

    def name(self):
        return self.memory[16:64].split(b"\0")[0].decode()


class Problem(Exception):
    pass


class Test:
    def __init__(self, options, base):
        self.options = options
        self.case = case = support.Case(os.path.join(HERE, "scenario"), os.path.join(base, "scenario"), options.build)
        case.prepare()
        library = os.path.join(options.build, "lib")
        case.compile("program.c", "main", "-L" + library, "-Wl,-rpath," + library, "-lcoil")
        self.preload = os.path.join(base, "fail_nth.so")
        case.tool(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", self.preload,
                   os.path.join(HERE, "fail_nth.c"), "-ldl"])
        case.mode = "daemon"
        case.run_folder = os.path.join(base, "run")
        os.mkdir(case.run_folder, 0o700)
        self.control = Control(os.path.join(base, "nth"))
        self.notes = os.path.join(base, "notes")
        case.env = case.clean_environment()
        case.env.update(XDG_RUNTIME_DIR=case.run_folder, COIL_MODE="daemon", COIL_SOCKET=case.socket, PYTHONNOTES=self.notes,
                        COILCTL=os.path.join(options.build, "bin", "coilctl"))
        self.runs = 0
        self.refused = {}
        self.problems = []

    # ---- one run ----

    def program(self, parts, environment, refuse):
        env = dict(environment)
        if refuse:
            env.update(LD_PRELOAD=self.preload, FAIL_NTH=self.control.path, FAIL_NTH_IN="libcoil.so,libmsgpackc")
        open(self.notes, "w").close()
        return self.case.run(self.notes, *parts, env=env, timeout=20)

    def judge(self, result, ended=True):
        lines = result.stdout.splitlines()
        wrong = [line for line in lines if line.startswith(("WRONG", "slow"))]
        if result.status != 0 or (ended and "done" not in lines):
            wrong.append("the program ended with status %d" % result.status)
        recovered = [i for i, line in enumerate(lines) if line.startswith("failures ")]
        if recovered:
            wrong += ["after everything works again: " + line for line in lines[recovered[0]:] if line.startswith("failed")]
        # Code 1 is Python's own report, which goes to the daemon's log where the program's session has come to its end.
        failed = sum(line.startswith("failed") and not line.endswith(": 1") for line in lines)
        said = sum(line.startswith("coil: ") for line in result.stderr.splitlines())
        if said < failed:
            wrong.append("%d calls failed, and %d lines say so" % (failed, said))
        with open(self.notes) as file:
            numbers = [int(line) for line in file]
        if len(set(numbers)) != len(numbers):
            wrong.append("one-way calls carried out more than once: %s" % sorted(numbers))
        if wrong:
            raise Problem("%s\nstdout:\n%s\nstderr:\n%s" % ("\n".join(wrong), result.stdout, result.stderr[-3000:]))

    @staticmethod
    def look(result):
        found = re.search(r"look: (\d+) fds, (\d+) threads, (\d+) mappings", result.stdout)
        return tuple(int(number) for number in found.groups()) if found else (0, 0, 0)

    def numbers(self, phase):
        """N, as long as something is refused."""
        stride = STRIDE if not self.options.all and any(word in phase for word in LONG) else 1
        n = random.Random(self.options.seed).randrange(1, stride + 1)
        while True:
            yield n
            if self.control.failed() == 0:
                return
            n += stride

    def note(self, phase, n, problem):
        what = "%s, number %d (%s)" % (phase, n, self.control.name())
        self.problems.append(what)
        print("FAIL %s\n     %s" % (what, str(problem).replace("\n", "\n     ")[:4000]), flush=True)
        for line in self.case.log_tail(8):
            print("     " + line)

    def count(self):
        self.runs += 1
        if self.control.failed():
            self.refused[self.control.name()] = self.refused.get(self.control.name(), 0) + 1

    # ---- what libcoil asks for ----

    def stop(self):
        left = self.case.leave_mode()
        if left:
            raise Problem("\n".join(left))

    def client_phase(self, name, sticky):
        parts, environment, cold = CLIENT[name]
        phase = "client %s%s" % (name, ", sticky" if sticky else "")
        self.control.prepare(0, 0, sticky)
        self.program(["attach", "second"], {}, False)
        # The first finds a worker that has run the init code; later ones may have to do that themselves.
        looks = [self.look(self.program(parts, environment, True)) for _ in range(2)]
        reference = tuple(max(numbers) for numbers in zip(*looks))
        for n in self.numbers(name):
            result = None
            try:
                if cold:
                    self.stop()
                self.control.prepare(0, n, sticky)
                if "recover" not in parts:
                    self.control.prepare(0, n, sticky)
                # A service thread notices within seconds that its worker has died, and holds the session so long: only
                # some runs wait for that.
                patient = n % 16 == 1
                result = self.program(parts, dict(environment, LOOK_FOR="%d %d %d" % reference if patient else ""), True)
                self.count()
                self.judge(result)
                found = self.look(result)
                late = (0, 0, 0) if patient else (6, 2, 6)  # two deaths
                if any(f > r + l for f, r, l in zip(found, reference, late)):
                    raise Problem("fds, threads, mappings: %s; without a failure %s\n%s" % (
                        found, reference, result.stdout + result.stderr))
                if n % 8 == 0:
                    self.judge(self.program(["attach"], {}, False))
            except (Problem, support.Failure) as problem:
                self.note(phase, n, problem)
                if len(self.problems) > 20:
                    raise SystemExit("too many failures")
        self.stop()

    # ---- what coild asks for ----

    def start_daemon(self, on, n):
        self.control.prepare(on, n, False)
        read, write = os.pipe()
        os.set_inheritable(write, True)
        env = dict(self.case.env, LD_PRELOAD=self.preload, FAIL_NTH=self.control.path, FAIL_NTH_IN="program")
        daemon = subprocess.Popen([os.path.join(self.options.build, "bin", "coild"), "--socket", self.case.socket, "--ready-fd",
                                   str(write)], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, pass_fds=[write])
        os.close(write)
        with os.fdopen(read) as file:
            said = file.readline().strip()
        return daemon, said

    def start_phase(self):
        """Refused while it starts."""
        for n in self.numbers("start"):
            daemon, said = self.start_daemon(1, n)
            try:
                self.control.off()
                self.count()
                if said != "ready":
                    daemon.wait(timeout=10)
                    text = daemon.stderr.read().decode()
                    text += "\n".join(self.case.log_tail(1))  # once it is open
                    if daemon.returncode != 1 or not said or "coild: %s" % said not in text:
                        raise Problem("status %d, told '%s', said '%s'" % (daemon.returncode, said, text))
                    self.judge(self.program(["attach"], {}, False))  # starts another one
                else:
                    self.judge(self.program(["attach", "call"], {}, False))
                    if daemon.poll() is not None:
                        raise Problem("coild has ended: %d" % daemon.returncode)
                self.stop()
            except (Problem, support.Failure, subprocess.TimeoutExpired) as problem:
                self.note("coild starts", n, problem)
                self.case.reap(0)
            finally:
                daemon.stderr.close()
                daemon.wait(timeout=10)

    def fds(self, daemon):
        return self.case.fds(daemon.pid)

    def server_phase(self, name):
        parts, environment = SERVER[name]
        daemon = None
        for n in self.numbers(name):
            try:
                if daemon is None:
                    daemon, _ = self.start_daemon(0, 0)
                    for _ in range(2):
                        self.judge(self.program(parts, environment, False))
                    self.judge(self.program(["attach"], {}, False))
                    left = 2 if environment == PRIVATE else 1  # with a spare for the next private program
                    self.case.wait_for(lambda: len(self.case.workers()) == left, "%d workers are left" % left)
                    reference = self.fds(daemon)
                self.control.prepare(1, n, False)
                result = self.program(parts, environment, False)
                self.control.off()
                self.count()
                self.judge(result)
                self.judge(self.program(["attach"], {}, False))
                if daemon.poll() is not None:
                    raise Problem("coild has ended: %d" % daemon.returncode)
                self.case.wait_for(lambda: self.fds(daemon) <= reference, "coild's fds are back at %d, not %d" % (
                    reference, self.fds(daemon)), timeout=6)
            except (Problem, support.Failure, OSError) as problem:
                self.note("coild, " + name, n, problem)
                self.case.reap(0)
                daemon.stderr.close()
                daemon = None
                if len(self.problems) > 20:
                    raise SystemExit("too many failures")
        if daemon:
            self.stop()
            daemon.stderr.close()
            daemon.wait(timeout=10)

    # ---- all ----

    def check_imports(self):
        """Whatever libcoil and coild import is refused in its turn, or known not to be."""
        with open(os.path.join(HERE, "fail_nth.c"), encoding="utf-8") as file:
            text = file.read()
        wrapped = set(re.findall(r"^WRAP(?:_ALLOCATOR)?\((?:[\w ]+\*?, )?(\w+), \(", text, re.M))
        wrapped |= set(re.findall(r'is_due\([^"]*"(\w+)"\)', text))
        for binary in ("lib/libcoil.so", "bin/coild"):
            lines = subprocess.run(["nm", "-D", "--undefined-only", os.path.join(self.options.build, binary)], check=True,
                                   stdout=subprocess.PIPE, text=True).stdout.splitlines()
            names = {line.split()[-1].split("@")[0] for line in lines}
            for name in sorted(names - wrapped):
                if not any(re.fullmatch(pattern, name) for pattern in UNREFUSED):
                    self.problems.append(name)
                    print("FAIL %s imports %s: tests/faults/fail_nth.c does not refuse it, nor is it in UNREFUSED" % (binary, name))

    def run(self):
        self.check_imports()

        def wanted(name):
            return fnmatch.fnmatch(name, "*%s*" % self.options.k)
        for name in CLIENT:
            for sticky in (False, True):
                if wanted("client " + name + (" sticky" if sticky else "")):
                    self.timed("client " + name + (" sticky" if sticky else ""), self.client_phase, name, sticky)
        if wanted("coild starts"):
            self.timed("coild starts", self.start_phase)
        for name in SERVER:
            if wanted("coild " + name):
                self.timed("coild " + name, self.server_phase, name)

    def timed(self, what, function, *arguments):
        started, runs, problems = time.monotonic(), self.runs, len(self.problems)
        function(*arguments)
        print("%-4s %-28s %4d runs %5.1f s" % ("ok" if len(self.problems) == problems else "FAIL", what, self.runs - runs,
                                               time.monotonic() - started), flush=True)


def main():
    parser = argparse.ArgumentParser(description="makes the Nth thing that can fail do so")
    parser.add_argument("--build", default="build")
    parser.add_argument("--all", action="store_true", help="every N in all phases: several minutes")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    parser.add_argument("-k", metavar="PATTERN", default="")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    support.become_subreaper()
    support.signals_restore()
    base = tempfile.mkdtemp(prefix="coil-nth-")
    started = time.monotonic()
    test = None
    try:
        test = Test(options, base)
        test.run()
    finally:
        if test:
            test.case.reap(0)
            shutil.rmtree(base, ignore_errors=True)
            print("fail the Nth: %d runs, %d refusals of %d functions, seed %d, %.0f s: %d failed" % (
                test.runs, sum(test.refused.values()), len(test.refused), options.seed, time.monotonic() - started,
                len(test.problems)))
    return 1 if test.problems else 0


if __name__ == "__main__":
    sys.exit(main())
