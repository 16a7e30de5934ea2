"""Mixed work without end: neither the daemon nor a worker nor a program that stays grows.

    SOAK_MINUTES=10 tests/run.py --suite stress -k soak

A program that stays works in threads that come and go, while short ones attach, work and leave.  From time to time all is
at rest, and what each process holds is looked at: its own memory, fds, threads, mappings; and the memory behind the
worker's heap.  First some turns to warm up; then turns that are compared; then turns with a reload in each, so that
workers come and go, too (the program that stays keeps its own).  What has grown between the first turn that counts and the last one fails the test, beyond:
"""
import collections
import glob
import os
import subprocess
import time

import case as support

MINUTES = 0.25  # times the scale
WARM_UP = 0.3  # of the time
RELOADS = 0.25  # of the time, at the end

# What may be more in the end.  Memory in KiB: Python's and libc's allocators keep what they have had at most, and how much
# that is depends on what met by chance; what leaks with each call or program is far beyond it within a minute.
TOLERANCE = {
    "daemon": {"memory": 512, "fds": 0, "threads": 0, "mappings": 4},
    "worker": {"memory": 3072, "fds": 0, "threads": 0, "mappings": 24, "heap": 4096},
    "client": {"memory": 1024, "fds": 0, "threads": 0, "mappings": 8},
}
# More for each program that has gone: where its functions had addresses that Python has seen, the worker keeps slots that
# lead nowhere, until another program gets the place.
PER_PROGRAM = {"worker": {"memory": 5, "mappings": 3}}
WINDOWS = 2048  # places
# More for each worker that there is: its link, its process, its heap, the tally of its calls.
PER_WORKER = {"daemon": {"memory": 64, "fds": 4}}


def look(case, pid):
    """What a process holds."""
    held = {"fds": case.fds(pid)}
    with open("/proc/%d/status" % pid) as file:
        for line in file:
            if line.startswith("RssAnon:"):
                held["memory"] = int(line.split()[1])
            elif line.startswith("Threads:"):
                held["threads"] = int(line.split()[1])
    with open("/proc/%d/maps" % pid) as file:
        held["mappings"] = sum(1 for _ in file)
    return held


def heap_of(pid):
    """KiB behind the worker's heap."""
    for path in glob.glob("/proc/%d/fd/*" % pid):
        if "memfd:coil-heap" in os.readlink(path):
            return os.stat(path).st_blocks // 2
    raise AssertionError("the worker has no heap")


class Soak:
    def __init__(self, case):
        self.case = case
        self.program = case.path("client")
        self.stderr = open(case.path("stderr"), "wb")
        self.turns = []
        self.count = collections.Counter()
        self.client = self.popen("long", stdin=subprocess.PIPE)
        self.shorts = []

    def popen(self, kind, **options):
        self.count["seeds"] += 1
        return self.case.popen(kind, self.count["seeds"], program=self.program, stderr=self.stderr, **options)

    def said(self):
        with open(self.case.path("stderr"), errors="replace") as file:
            return "".join([line for line in file if line.startswith(("SOAK", "coil:"))][-5:])

    def numbers(self, lines):
        for line in lines:
            if line.strip().isdigit():
                return int(line)
        raise support.Failure("a client ended in the middle: " + self.said())

    def end_short(self, process):
        out, _ = process.communicate(timeout=60 * self.case.slow)
        if process.returncode != 0:
            raise support.Failure("a short program ended with status %d: %s" % (process.returncode, self.said()))
        self.count["calls"] += self.numbers(out.decode().splitlines())
        self.count["programs"] += 1

    def work(self, seconds, with_reload):
        """Everybody works, then all is at rest."""
        end = time.monotonic() + seconds
        reload_at = time.monotonic() + seconds / 2 if with_reload else None
        while time.monotonic() < end:
            self.client.stdin.write(b"200\n")
            self.client.stdin.flush()
            shorts = [self.popen("short") for _ in range(2)]
            if reload_at and time.monotonic() > reload_at:
                reload_at = None
                done = self.case.coilctl("reload")
                self.case.equal(done.status, 0, "coilctl reload: " + done.stdout + done.stderr)
                self.count["reloads"] += 1
            for process in shorts:
                self.end_short(process)
            self.count["calls"] += self.numbers(iter(lambda: self.client.stdout.readline().decode() or "end", "end"))

    def rest(self):
        """One program is left, and its worker; after a reload also the one that is there for the next programs.  Memory
        that has become free goes back within a second or so."""
        workers = self.case.wait_for(lambda: (lambda found: len(found) <= 1 + (self.count["reloads"] > 0) and found)(
            self.case.workers()), "workers that nobody needs have left")
        worker = workers[0]
        daemon = self.case.daemons()[0]
        time.sleep(1.2)
        turn = {"at": time.monotonic(), "worker's pid": worker, "workers": len(workers), "count": dict(self.count)}
        for name, pid in (("daemon", daemon), ("worker", worker), ("client", self.client.pid)):
            turn[name] = look(self.case, pid)
        turn["worker"]["heap"] = heap_of(worker)
        self.turns.append(turn)

    def table(self, began):
        lines = ["%6s %9s %8s %7s  %-26s %-33s %-26s" % ("s", "calls", "programs", "reloads", "daemon KiB fds thr maps",
                                                       "worker KiB fds thr maps heap KiB", "client KiB fds thr maps")]
        for turn in self.turns:
            line = "%6.0f %9d %8d %7d  " % (turn["at"] - began, turn["count"].get("calls", 0),
                                           turn["count"].get("programs", 0), turn["count"].get("reloads", 0))
            for name, width in (("daemon", 26), ("worker", 33), ("client", 26)):
                held = turn[name]
                words = ["%6d" % held["memory"], "%3d" % held["fds"], "%3d" % held["threads"], "%4d" % held["mappings"]]
                if "heap" in held:
                    words.append("%6d" % held["heap"])
                line += "%-*s " % (width, " ".join(words))
            lines.append(line.rstrip())
        return "\n".join(lines)

    def grown(self, name, first, last):
        """What is more than it may be."""
        programs = min(WINDOWS, last["count"]["programs"]) - min(WINDOWS, first["count"]["programs"])
        workers = last["workers"] - first["workers"]
        problems = []
        for what, now in last[name].items():
            tolerance = TOLERANCE[name][what] + programs * PER_PROGRAM.get(name, {}).get(what, 0)
            tolerance += workers * PER_WORKER.get(name, {}).get(what, 0)
            if what == "memory" and self.case.sanitize:
                continue  # it keeps what has been freed
            if now - first[name][what] > tolerance:
                problems.append("%s: %s grew from %d to %d, by more than %d" % (name, what, first[name][what], now, tolerance))
        return problems

    def judge(self, first, last_quiet):
        begin, quiet, end = self.turns[first], self.turns[last_quiet], self.turns[-1]
        self.case.equal(quiet["worker's pid"], begin["worker's pid"], "the worker")
        problems = self.grown("worker", begin, quiet)
        for name in ("daemon", "client"):
            problems += self.grown(name, begin, end)
        return problems


def run(case):
    if not os.path.exists(case.path("client")):
        case.compile_with_coil("client.c", "client")
    seconds = float(os.environ.get("SOAK_MINUTES", 0) or MINUTES * case.scale) * 60 * case.slow
    turn = max(1.0, seconds / 30)
    soak = Soak(case)
    began = time.monotonic()
    while time.monotonic() < began + seconds * WARM_UP:
        soak.work(turn, False)
    soak.rest()
    while time.monotonic() < began + seconds * (1 - RELOADS):
        soak.work(turn, False)
        soak.rest()
    last_quiet = len(soak.turns) - 1
    while time.monotonic() < began + seconds or len(soak.turns) == last_quiet + 1:
        soak.work(turn, True)
        soak.rest()
    soak.client.stdin.close()
    case.equal(soak.client.wait(30 * case.slow), 0, "status of the program that stayed")
    soak.stderr.close()
    case.note(soak.table(began))
    problems = soak.judge(0, last_quiet)
    case.expect(not problems, "\n".join(problems))
