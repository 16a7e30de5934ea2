"""Programs that run on follow a reload, unless they hold something of the old Python; under load no call is lost."""
import collections
import os
import re
import signal
import subprocess
import time

STAYS = {
    "text": "pointers into Python's memory",
    "handle": "handles",
    "twice": "function pointers of ffi.callback",
    "remember": "Python remembers the program",
    "apply": "a function of the program",
}


class Program:
    def __init__(self, case):
        self.case = case
        self.process = case.popen("stay", stdin=subprocess.PIPE)
        self.worker = self.answer()[1]

    def answer(self):
        text = self.process.stdout.readline().decode()
        used, worker = text.rsplit("in ", 1)
        return used.strip(), int(worker)

    def do(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self, stderr=""):
        self.process.stdin.close()
        self.process.stdin = None
        self.case.check(self.case.finish(self.process), None, stderr)


def reload(case):
    done = case.coilctl("reload")
    case.equal(done.status, 0, "status of coilctl reload: " + done.stdout + done.stderr)


def holds_nothing(case):
    """It follows, idle or not, and the old worker has gone although the program lives."""
    program = Program(case)
    first = program.worker
    for _ in range(3):
        reload(case)
        case.wait_for(lambda: first not in case.workers(), "the old worker has left")
        worker = program.do("nothing")[1]
        case.expect(worker != first, "the program is where it was")
        first = worker
    program.end()


def holds(case, what, words):
    program = Program(case)
    bystander = Program(case)
    first = program.do(what)[1]
    before = program.do("use")[0]
    reload(case)
    case.equal(program.do("nothing")[1], first, "a program that holds something: " + what)
    case.equal(program.do("use")[0], before, "what it holds: " + what)
    case.wait_for(lambda: words in case.coilctl("status").stdout, "coilctl status says why it stays: " + words, 5)
    case.matches(case.coilctl("status").stdout, r"retired: reloaded: generation \d+ has taken over", "status")
    if what in ("handle", "remember"):  # the last result of twice() and text() is held for the program
        program.do("drop")
        case.wait_for(lambda: program.do("nothing")[1] != first, "it follows when that is gone: " + what)
    program.end()
    bystander.end()
    case.wait_for(lambda: first not in case.workers(), "the old worker has left")


def in_a_call(case):
    """One thread is in a long call: it ends as it should, and the program follows after it."""
    program = Program(case)
    first = program.worker
    program.process.stdin.write(b"slow 700\n")
    program.process.stdin.flush()
    time.sleep(0.2)
    reload(case)
    case.equal(program.answer()[0], "", "the call")
    case.wait_for(lambda: program.do("nothing")[1] != first, "it follows")
    program.end()


def generations(case):
    with open(case.socket.replace(".sock", ".log")) as file:
        return file.read().count("takes over")


def storm(case, daemon):
    notes = case.path("notes")
    before = generations(case)
    process = case.popen("storm", 8, stdin=subprocess.PIPE)
    case.matches(process.stdout.readline().decode(), r"in \d+", "first line")
    end = time.monotonic() + 3 * case.slow * case.scale
    count = 0
    while time.monotonic() < end:
        if count % 2:
            reload(case)
        else:
            os.kill(daemon.pid, signal.SIGHUP)
        count += 1
        time.sleep(0.15)
    process.stdin.close()
    process.stdin = None
    result = case.finish(process)
    case.check(result, None, "")
    calls, wrong, made, longest = map(int, re.match(r"calls (\d+) wrong (\d+) notes (\d+) longest (\d+)", result.stdout).groups())
    case.equal(wrong, 0, "wrong results of %d calls during %d reloads" % (calls, count))
    case.expect(longest < 5000 * case.slow, "the longest call took %d ms" % longest)
    came = generations(case) - before
    case.expect(came > 3, "only %d generations" % came)
    with open(notes) as file:
        written = [tuple(map(int, line.split())) for line in file]
    case.equal(len(written), made, "one-way calls carried out")
    case.equal(max(collections.Counter(written).values()), 1, "how often the most frequent was carried out")
    for thread in range(8):
        numbers = [number for other, number in written if other == thread]
        case.equal(numbers, sorted(numbers), "order of the one-way calls of a thread")
    return "storm: %d calls, %d one-way, %d reloads, %d generations, longest %d ms" % (calls, made, count, came, longest)


def bound(case):
    """Whoever holds something has a while; then it is of an earlier Python."""
    daemon = case.start_daemon("--drain-timeout", "1")
    program = Program(case)
    first = program.do("handle")[1]
    program.do("text")
    reload(case)
    case.equal(program.do("use")[0], "text of %d 7 0" % first, "before the bound")
    case.wait_for(lambda: first not in case.workers(), "the old worker has left")
    used, worker = program.do("use")
    case.equal(used, "text of %d -1 0" % first, "after the bound")
    case.expect(worker != first, "the program is where it was")
    program.end("...\n~ .*from_handle.*was made by an earlier Python.*\n...")
    case.stop_daemon(daemon)


def run(case):
    daemon = case.start_daemon("--drain-timeout", "0")
    holds_nothing(case)
    for what, words in STAYS.items():
        holds(case, what, words)
    in_a_call(case)
    case.note(storm(case, daemon))
    case.stop_daemon(daemon)
    bound(case)
