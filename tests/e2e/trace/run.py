"""coilctl trace: each call is a line when it ends, workers that come and go are as well, and what was missed is counted."""
import os
import re
import select
import signal
import subprocess
import time

LINE = r"\d\d:\d\d:\d\d\.\d{6} "
CALL = LINE + r"pid (\d+) uid (\d+) (\S+) ([\d.e+]+ (?:ns|us|ms|s)) (.+)"


class Watcher:
    """A coilctl trace, read line by line without ever waiting for it for long."""

    def __init__(self, case, *options):
        self.case, self.text, self.lines = case, b"", []
        self.process = case.popen("trace", *options, program=os.path.join(case.build, "bin", "coilctl"))
        self.first = self.process.stderr.readline().decode()
        case.matches(self.first, r"^coilctl: watching \d+ workers?; interrupt to end$")

    def read(self):
        while select.select([self.process.stdout], [], [], 0)[0]:
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            if not data:
                break
            self.text += data
        *lines, self.text = self.text.split(b"\n")
        self.lines += [line.decode() for line in lines]
        return self.lines

    def wait(self, regex, count=1):
        """As soon as so many lines match: those, as lists of groups."""
        found = self.case.wait_for(
            lambda: (lambda all: len(all) >= count and all)(
                [m.groups() for m in (re.fullmatch(regex, line) for line in self.read()) if m]),
            "%d lines like %r" % (count, regex), timeout=20)
        return found

    def take(self):
        lines, self.lines = self.read(), []
        return lines

    def end(self):
        """Interrupted: nothing more."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        self.read()
        self.process.stdout.close()
        self.process.stderr.close()
        return self.lines


def calls(watcher, count):
    """So many calls, in order: (function, outcome)."""
    return [(name, outcome) for _, _, name, _, outcome in watcher.wait(CALL, count)]


def check_lines(case):
    # No worker yet: the first one's start is seen, and all that is called in it.
    watcher = Watcher(case)
    case.equal(watcher.first, "coilctl: watching 0 workers; interrupt to end\n", "the beginning")
    program = case.popen("work", 0, 1, "work", -1, 1, "absent", 0, 1, "note", 1, 2, "work", 30, 1)
    done = case.finish(program)
    case.check(done, "done\n", None)
    watcher.wait(LINE + r"worker generation 1 \(pid %d\) starts, Python .*" % case.worker())
    case.equal(calls(watcher, 6), [("traced.work", "returned"), ("traced.work", "raised an exception"),
                                   ("traced.absent", "has no handler"), ("traced.note", "returned, one-way"),
                                   ("traced.note", "returned, one-way"), ("traced.work", "returned")], "calls")
    for pid, uid, _, _, _ in watcher.wait(CALL, 6):
        case.equal((int(pid), int(uid)), (program.pid, os.getuid()), "the program")
    number, unit = watcher.wait(CALL, 6)[-1][3].split()
    case.expect(float(number) * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[unit] >= 0.03, "a call of 30 ms: %s %s" % (number, unit))
    case.expect("traced.work" not in "".join(watcher.end()[len(watcher.lines):]), "more calls than there were")


def check_filters(case):
    program = case.popen("wait", "work", 0, 1, "note", 1, 1, stdin=subprocess.PIPE)
    other = case.popen("wait", "work", 0, 1, "note", 1, 1, stdin=subprocess.PIPE)
    for process in (program, other):
        case.equal(process.stdout.readline(), b"done\n", "a program")
    watchers = [Watcher(case), Watcher(case, "--pid", program.pid), Watcher(case, "--function=note", "--module", "traced"),
                Watcher(case, "--module=trace"), Watcher(case, "--function", "no")]
    for process in (program, other):
        process.stdin.write(b"\n")
        process.stdin.flush()
        case.equal(process.stdout.readline(), b"done\n", "a program")
    case.equal(sorted(calls(watchers[0], 4)), [("traced.note", "returned, one-way")] * 2 + [("traced.work", "returned")] * 2, "all")
    case.equal(calls(watchers[1], 2), [("traced.work", "returned"), ("traced.note", "returned, one-way")], "of a program")
    case.equal({pid for pid, *_ in watchers[1].wait(CALL, 2)}, {str(program.pid)}, "whose")
    case.equal(calls(watchers[2], 2), [("traced.note", "returned, one-way")] * 2, "of a function")
    for process in (program, other):
        process.stdin.close()
        case.equal(process.wait(10), 0, "a program's status")
    for watcher in watchers:
        watcher.end()
    case.equal(watchers[3].lines + watchers[4].lines, [], "of others")


def check_deaths(case):
    watcher = Watcher(case)
    case.crashes = True
    before = case.worker()
    case.check(case.run("work", 9999, 1), "done\n", None)
    watcher.wait(LINE + r"worker generation 1 \(pid %d\) died in traced\.work\(\), called by program \d+" % before)
    watcher.wait(LINE + r"worker generation 1 \(pid %d\) died: exit status 3.*" % before)
    case.check(case.run("work", 1, 3), "done\n", None)
    case.equal(calls(watcher, 3), [("traced.work", "returned")] * 3, "calls of the next worker, from the first one on")
    watcher.wait(LINE + r"worker generation 2 \(pid \d+\) starts, Python .*")
    watcher.end()


def check_missed(case):
    """One that does not look for a while: what it shows and what it says it has missed are all there were."""
    watcher = Watcher(case)
    watcher.process.send_signal(signal.SIGSTOP)
    case.check(case.run("work", 0, 20000), "done\n", None)
    watcher.process.send_signal(signal.SIGCONT)

    def total():
        lines = watcher.read()
        return len([line for line in lines if re.fullmatch(CALL, line)]), sum(
            int(n) for line in lines for n in re.findall(LINE + r"(\d+) calls of worker generation 2 came too fast, and are not shown$", line))
    shown, missed = case.wait_for(lambda: (lambda t: sum(t) >= 20000 and t)(total()), "all are shown or counted")
    case.equal(shown + missed, 20000, "calls")
    case.expect(shown >= 8192, "only %d of 20000 are shown" % shown)
    case.expect(missed > 0, "nothing is missed, though there is room for 8192")
    watcher.end()


def check_hostile(case):
    """A worker's code can write what it likes there: it costs lines, and nothing else."""
    program = case.popen("wait", "work", 0, 3, stdin=subprocess.PIPE)
    case.equal(program.stdout.readline(), b"done\n", "a program")
    watcher = Watcher(case)
    for number in range(1, 6):
        case.check(case.run("vandal", number, 1), "done\n", "")
        time.sleep(0.05)
    program.stdin.write(b"\n")
    program.stdin.flush()
    case.equal(program.stdout.readline(), b"done\n", "a program")
    time.sleep(0.1)
    case.equal(watcher.process.poll(), None, "it watches on")
    program.stdin.close()
    program.wait(10)
    lines = watcher.end()
    odd = [line for line in lines if not re.match(LINE, line) or any(ord(c) < 32 or ord(c) == 127 for c in line)]
    case.equal(odd, [], "lines that a terminal would obey")
    # Another worker has another memory, and is shown as ever.
    case.check(case.coilctl("reload"), None, "")


def run(case):
    case.check(case.coilctl("trace"), "", "~ coilctl: .*\n", status=1)  # no daemon
    daemon = case.start_daemon()
    check_lines(case)
    check_filters(case)
    check_deaths(case)
    check_missed(case)
    check_hostile(case)
    for options in (["--pid", "x"], ["--pid", "0"], ["--module"], ["--modules=x"], ["x"]):
        bad = case.coilctl("trace", *options)
        case.check(bad, "", "~ coilctl: .*\n", status=2)
    # Nobody watches any more: no worker writes.  It ends when the daemon does.
    watcher = Watcher(case)
    case.stop_daemon(daemon)
    watcher.wait(LINE + r"worker generation \d+ \(pid \d+\) has ended: .*")
    watcher.wait(LINE + "the daemon has ended")
    case.equal(watcher.process.wait(10), 0, "its status")
    watcher.end()
