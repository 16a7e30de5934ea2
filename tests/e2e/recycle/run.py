"""Workers are replaced by calls, memory or age; no call is lost, and nothing that a program holds."""
import os
import re
import subprocess


class Program:
    def __init__(self, case):
        self.case = case
        self.process = case.popen(stdin=subprocess.PIPE)
        self.worker = self.answer()[1]

    def answer(self):
        return tuple(map(int, self.process.stdout.readline().split(b" in ")))

    def do(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self):
        self.process.stdin.close()
        self.process.stdin = None
        self.case.check(self.case.finish(self.process), None, "")


def with_daemon(case, options, what):
    daemon = case.start_daemon(*options)
    what(case)
    case.stop_daemon(daemon)


def log(case):
    with open(case.socket.replace(".sock", ".log")) as file:
        return file.read()


def by_calls(case):
    program = Program(case)
    first = program.worker
    case.wait_for(lambda: re.search(r"age: \d+ s, calls 1, memory [1-9]\d+ KiB", case.coilctl("status").stdout),
                  "coilctl status tells what the worker has done and has")
    workers = set()
    made = 0
    while len(workers) < 3:
        wrong, worker = program.do("calls 40000")
        case.equal(wrong, 0, "wrong results")
        workers.add(worker)
        made += 40000
        case.expect(made < 200000000, "only %d workers have come" % len(workers))
    case.wait_for(lambda: first not in case.workers(), "the first worker has left")
    case.matches(log(case), r"is replaced: it has served \d{4,} calls", "the log")
    case.note("recycling by calls: %d calls over %d workers, lost: 0" % (made, len(workers)))
    program.end()


def by_calls_held(case):
    program = Program(case)
    holder = Program(case)
    first = holder.do("handle")[1]
    program.do("calls 4000")
    case.wait_for(lambda: len(case.workers()) == 2 and "retired: recycled" in case.coilctl("status").stdout,
                  "another worker takes over")
    for _ in range(3):
        case.equal(holder.do("look"), (7, first), "what the program holds")
    case.matches(case.coilctl("status").stdout, r"retired: recycled, because it has served \d+ calls: generation 2 has taken over",
                 "status")
    case.matches(case.coilctl("status").stdout, "stays: there are handles of ffi.new_handle", "status")
    program.end()
    holder.end()
    case.wait_for(lambda: first not in case.workers(), "the first worker has left")


def by_memory(case):
    program = Program(case)
    first = program.do("grow 150")[1]
    case.wait_for(lambda: program.do("nothing")[1] != first, "the worker that has grown is replaced")
    case.matches(log(case), r"is replaced: it has \d+ MiB of memory", "the log")
    program.end()


def by_age(case):
    """New code that does not run changes nothing."""
    program = Program(case)
    first = program.worker
    helper = case.path("site-packages", "helper.py")
    with open(helper, "w") as file:
        file.write("import no_such_module_anywhere\n")
    case.wait_for(lambda: "which goes on" in log(case), "a generation that cannot take over")
    case.equal(program.do("calls 400"), (0, first), "the old one")
    case.matches(log(case), r"recycling: generation \d+ \(.*\) cannot take over from generation \d+, which goes on: .*no_such_module",
                 "the log")
    open(helper, "w").close()
    program.end()


def unused(case):
    """One that nobody uses is not replaced, but leaves."""
    case.check(case.run(), None, "")
    case.wait_for(lambda: not case.workers(), "an old worker that nobody uses has left")


def bad_values(case):
    coild = os.path.join(case.build, "bin", "coild")
    for option, value in (("--recycle-calls", "-1"), ("--recycle-calls", "many"), ("--recycle-memory", "12X"),
                          ("--recycle-memory", "M"), ("--recycle-memory", "1MB"), ("--recycle-age", "1.5"),
                          ("--warm-workers", "x"), ("--drain-timeout", "-2")):
        result = case.run("--socket", case.socket, option, value, program=coild)
        case.equal(result.status, 1, "status of coild %s %s" % (option, value))
        case.matches(result.stderr, r"^coild: %s needs a number.*\"%s\"\n$" % (option, re.escape(value)), "stderr")


def run(case):
    os.mkdir(case.path("site-packages"))
    open(case.path("site-packages", "helper.py"), "w").close()
    case.env["PYTHONPATH"] = case.path("site-packages")
    case.env["PYTHONDONTWRITEBYTECODE"] = "1"
    bad_values(case)
    with_daemon(case, ["--recycle-calls", "20000"], by_calls)
    with_daemon(case, ["--recycle-calls", "2000"], by_calls_held)
    with_daemon(case, ["--recycle-memory", "100M"], by_memory)
    with_daemon(case, ["--recycle-age", "1"], by_age)
    with_daemon(case, ["--recycle-age", "1"], unused)
