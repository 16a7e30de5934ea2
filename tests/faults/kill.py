#!/usr/bin/python3
"""Kills every process at every step.

    tests/faults/kill.py [--build DIR] [--more N | --all] [-k PATTERN] [--scenario NAME] [--seed N] [-j N] [--list]

A build with FAULTS=1 has named points (proto/fault.h).  What points there are is read from the sources; which of them a
scenario passes, and how often, is found by tracing it once.  Then each is armed in turn: the process that comes there is
killed, or stops while another one is killed.  After that

    - the program, if it lives, has its results or error values, in bounded time, and its next calls work;
    - each one-way call was carried out at most once, and exactly once if it was acknowledged;
    - another program that was attached all the time goes on, and a new one works;
    - coild, the worker and the other program have as many fds, threads and mappings of shared memory as before;
    - no worker outlives its coild, and after `coilctl stop` no process and no file is left.

With --all: each point, first and last passage, in every scenario that passes it, and each of client, supervisor and worker
killed there.  Without: each point's own process once, and --more of all others, drawn with --seed.
"""
import argparse
import fnmatch
import glob
import json
import os
import random
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.dirname(HERE), HERE]
import case as support  # noqa: E402
import control as controls  # noqa: E402

PEERS = ("client", "supervisor", "worker")

# name: parts of the program, environment, does a daemon with another program run before?
SCENARIOS = {
    "cold": (["attach", "call"], {}, False),
    "whole": (["attach", "call", "large", "callback", "slot", "region", "oneway", "later", "thread", "second", "leave"],
              {}, True),
    "death": (["attach", "oneway", "die", "call", "leave"], {}, True),
    "reload": (["attach", "oneway", "reload", "callback", "leave"], {}, True),
    "alone": (["attach", "oneway", "reload", "call", "leave"], {}, False),
    "late": (["attach", "late", "call", "oneway", "late", "callback", "leave"], {}, True),
    "stop": (["attach", "call", "status", "stop", "call", "leave"], {}, True),
    "watched": (["attach", "watch", "call", "oneway", "die", "call", "unwatch", "leave"], {}, True),
    "hopeless": (["attach", "hopeless"], {}, True),
    "stream": (["attach", "call", "stream"], {}, True),
    "private": (["attach", "call", "callback", "later", "oneway", "thread", "leave"], {"COIL_INTERPRETER": "private"}, True),
    "spare": (["before", "attach", "call", "leave"], {"COIL_INTERPRETER": "private"}, True),
    "checked": (["attach", "call", "large", "callback", "region", "thread"], {"COIL_CHECK": "1"}, True),
}

# Points that no scenario comes to each time, and why.
EXPLAINED = {
    "wire.*.refuse": "sent when a function has killed five workers: tests/e2e/crash_loop",
    "wire.*.changed": "sent when a Python file was edited: tests/e2e/edited_files",
    "wire.*.failed": "sent when something is refused: tests/e2e/crash_start, python_missing, version_mismatch, reload_moves",
}


def mappings(pid):
    """How many mappings of shared memory the process has.  Slots for function pointers are no such memory: they stay."""
    with open("/proc/%d/maps" % pid) as file:
        return sum("/memfd:coil-" in line for line in file)


def points_of_sources():
    """Every name that a COIL_FAULT... in the sources can have, without the role."""
    names = set()
    with open(os.path.join(ROOT, "proto", "message.h"), encoding="utf-8") as file:
        messages = re.findall(r'^\s*X\(\w+, "(\w+)", \d', file.read(), re.M)
    with open(os.path.join(ROOT, "proto", "ring.h"), encoding="utf-8") as file:
        enum = re.search(r"enum coil_record_kind \{(.*?)\};", file.read(), re.S).group(1)
    records = [name.lower() for name in re.findall(r"COIL_RECORD_(\w+) = \d", enum)]
    for path in glob.glob(os.path.join(ROOT, "**", "*.[ch]"), recursive=True):
        if os.path.relpath(path, ROOT).split(os.sep)[0] not in ("client", "daemon", "proto") or path.endswith("fault.h"):
            continue
        with open(path, encoding="utf-8") as file:
            for kind, name in re.findall(r'COIL_FAULT(_OF|_RECORD)?\("([^"]+)"', file.read()):
                details = {"": [""], "_OF": ["." + m for m in messages], "_RECORD": ["." + r for r in records]}[kind]
                names.update(name + detail for detail in details)
    return names


class World:
    """A socket, the processes around it, and what they look like when nothing is wrong."""

    def __init__(self, prepared, folder, build):
        self.case = support.Case(os.path.join(HERE, "scenario"), prepared, build)
        case = self.case
        os.makedirs(folder)
        case.mode = "daemon"
        case.run_folder = folder
        case.env = case.clean_environment()
        self.control = controls.Control(os.path.join(folder, "..", os.path.basename(folder) + ".control"))
        case.env.update(XDG_RUNTIME_DIR=folder, COIL_MODE="daemon", COIL_SOCKET=os.path.join(folder, "coild.sock"),
                        COIL_FAULT=self.control.path, COILCTL=os.path.join(build, "bin", "coilctl"))
        self.notes = self.control.path + ".notes"
        case.env["PYTHONNOTES"] = self.notes  # variables of Python's reach the worker
        self.other = None
        self.normal = None

    # ---- the other program ----

    def start_other(self):
        self.other = self.case.popen(program=self.case.path("second_client"), stdin=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL)
        return self.say("call")

    def say(self, what):
        """One command to the other program, one line from it."""
        self.other.stdin.write((what + "\n").encode())
        self.other.stdin.flush()
        end = time.monotonic() + 20
        os.set_blocking(self.other.stdout.fileno(), False)
        line = b""
        while not line.endswith(b"\n"):
            got = self.other.stdout.read()
            line += got or b""
            if got == b"" or (not got and time.monotonic() > end):
                raise support.Failure("the other program does not answer '%s'\n%s" % (
                    what, support.stacks(support.descendants())))
            if not got:
                time.sleep(0.001)
        return line.decode().strip()

    def stop_other(self):
        if self.other:
            self.other.stdin.close()
            self.other.stdout.close()
            self.other.wait(timeout=20)
        self.other = None

    def look(self):
        """Counts: coild's fds, threads and mappings, the worker's, the other program's."""
        case = self.case
        daemons, workers = case.daemons(), case.workers()
        counts = ["daemons %d" % len(daemons), "workers %d" % len(workers)]
        try:
            for name, pids in (("coild", daemons), ("worker", workers)):
                for pid in pids:
                    counts.append("%s %d fds, %d threads, %d mappings" % (
                        name, case.fds(pid), len(os.listdir("/proc/%d/task" % pid)), mappings(pid)))
        except OSError:
            counts.append("gone meanwhile")
        counts.append("other program: fds, threads %s, %d mappings" % (self.say("look"), mappings(self.other.pid)))
        return counts

    # ---- before and after ----

    def warm(self):
        if self.other:
            return
        answer = self.start_other()
        if answer != "ok":
            raise support.Failure("the other program cannot call: " + answer)
        if self.normal is None:
            time.sleep(0.05)
            self.normal = self.look()
        self.others_normal = self.say("look")

    def cool(self):
        self.stop_other()
        left = self.case.leave_mode()
        if left:
            raise support.Failure("\n".join(left))

    def orphans(self):
        table = support.process_table()
        daemons = self.case.daemons()
        return [pid for pid in self.case.workers() if table.get(pid, (0,))[0] not in daemons]

    def check_after(self, warm):
        """Everything but the program itself."""
        case = self.case
        case.wait_for(lambda: not self.orphans(), "no worker outlives its coild", timeout=3)
        done = case.run(self.notes, "attach")
        case.check(done, "done\n", None if done.stderr == "init\n" else "")
        if warm:
            answer = self.say("call")
            if answer != "ok" and self.say("call") != "ok":
                raise support.Failure("the other program cannot go on: " + answer)
            case.equal(self.say("look"), self.others_normal, "fds and threads of the other program, which has gone on")
            self.stop_other()
        self.warm()
        started = time.monotonic()
        moved = False
        while True:
            found = self.look()
            if found == self.normal:
                return
            for pid in case.spares("ready,"):
                os.kill(pid, signal.SIGKILL)  # one that waits for a program is not there in normal times
            if time.monotonic() > started + 1 and not moved:
                moved = True
                self.stop_other()  # a reload that was under way has left it with the old worker
                self.warm()
            if time.monotonic() > started + 8:
                raise support.Failure("before: %s\nafter:  %s\n%s" % (self.normal, found, self.coilctl_status()))
            time.sleep(0.02)

    def coilctl_status(self):
        done = self.case.coilctl("status")
        return done.stdout + done.stderr

    def destroy(self):
        try:
            self.stop_other()
        except Exception:
            pass
        self.case.reap(0)
        self.control.close()


def judge(world, result, killed_client, stopped):
    """What the program has printed."""
    if killed_client and result.status == -signal.SIGKILL:
        return
    lines = result.stdout.splitlines()
    problems = [line for line in lines if line.startswith(("WRONG", "slow"))]
    if result.status != 0 or "done" not in lines:
        problems.append("the program ended with status %d" % result.status)
    failed = sum(line.startswith("failed") for line in lines)
    said = sum(line.startswith("coil: ") for line in result.stderr.splitlines())
    if said < failed:
        problems.append("%d calls failed, and %d lines say so" % (failed, said))
    with open(world.notes) as file:
        numbers = [int(line) for line in file]
    repeated = sorted({n for n in numbers if numbers.count(n) > 1})
    if repeated:
        problems.append("one-way calls carried out more than once: %s" % repeated)
    if "flushed 0" in lines and not set(range(1, 7)) <= set(numbers):
        problems.append("acknowledged one-way calls are missing; there are %s" % sorted(numbers))
    if "streamed 0" in lines and len(set(numbers)) < 150:
        problems.append("acknowledged one-way calls are missing: %d of 150" % len(set(numbers)))
    if problems:
        raise support.Failure("%s\nstdout:\n%s\nstderr:\n%s" % ("\n".join(problems), result.stdout, result.stderr))


def strike(world, process, victim, point, own):
    """Kills the victim when somebody has come to the point.  False: there was none."""
    present = True
    if point and not own and world.control.await_acted(process, 20):
        targets = {"client": [process.pid] if process.poll() is None else [], "supervisor": world.case.daemons(),
                   "worker": world.case.workers()}[victim]
        present = bool(targets)
        for pid in targets:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        world.control.go()
    return present


def run_scenario(world, name, point, passage, victim):
    """One run.  Returns whether the point was reached, and whether there was a process to kill."""
    parts, environment, warm = SCENARIOS[name]
    case, control = world.case, world.control
    role = point.split(":")[0] if point else None
    own = victim is None or victim == role

    if warm:
        world.warm()
    elif case.daemons() or world.other:
        world.cool()
    open(world.notes, "w").close()
    control.trace(not point)
    if point:
        control.arm(point, passage, controls.KILL if own else controls.STOP)
    # Into files: nobody reads a pipe while the program is waited for to come to the point.
    with open(world.notes + ".out", "w+b") as out, open(world.notes + ".err", "w+b") as err:
        process = case.popen(world.notes, *parts, env=environment, stdout=out, stderr=err)
        present = strike(world, process, victim, point, own)
        result = case.finish(process, 60)
        out.seek(0)
        err.seek(0)
        result.stdout, result.stderr = out.read().decode("utf-8", "replace"), err.read().decode("utf-8", "replace")
    if point and not (control.acted() if own else control.gone_on()):
        end = time.monotonic() + 0.5  # what follows the end of the program
        while not control.acted() and time.monotonic() < end:
            time.sleep(0.002)
        strike(world, process, victim, point, own)
        control.go()
    if not point:
        time.sleep(0.4)
    reached = not point or control.acted() != 0
    control.disarm()
    control.trace(False)
    judge(world, result, point and (victim or role) == "client", not own)
    world.check_after(warm)
    return reached, present


def new_world(options, number):
    return World(options.prepared, os.path.join(options.base, "world-%d-%d" % (os.getpid(), number)), options.build)


def work(options):
    """The process that does some of the runs: JSON lines in, JSON lines out."""
    support.become_subreaper()
    support.signals_restore()
    world, number = None, 0
    for line in sys.stdin:
        job = json.loads(line)
        scenario, point, passage, victim, fresh = job
        started = time.monotonic()
        answer = {"job": job}
        try:
            if world is None:
                number += 1
                world = new_world(options, number)
            elif fresh:
                world.cool()
            answer["reached"], answer["present"] = run_scenario(world, scenario, point, passage, victim)
            if point is None:
                answer["points"] = world.control.traced()
        except Exception as error:
            text = str(error) if isinstance(error, support.Failure) else traceback.format_exc()
            answer["failure"] = text + "\n" + "\n".join(world.case.log_tail(15)) if world else text
            answer["failure"] = re.sub("x{20,}", "x...", answer["failure"])
            if world:
                world.destroy()
            world = None
        answer["seconds"] = time.monotonic() - started
        print(json.dumps(answer), flush=True)
    if world:
        try:
            world.cool()
        except Exception as error:
            print(json.dumps({"job": ["the end", None, 0, None, False], "failure": str(error), "seconds": 0}), flush=True)
        world.destroy()


class Pool:
    """Processes that do runs."""

    def __init__(self, options, size):
        command = [sys.executable, "-B", os.path.abspath(__file__), "--work", "--build", options.build, "--base",
                   options.base, "--prepared", options.prepared]
        self.all = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                    for _ in range(size)]

    def map(self, jobs):
        selector = selectors.DefaultSelector()
        jobs, busy = list(jobs), 0
        for process in self.all:
            selector.register(process.stdout, selectors.EVENT_READ, process)
        idle = list(self.all)
        while jobs or busy:
            while jobs and idle:
                process = idle.pop()
                process.stdin.write(json.dumps(jobs.pop(0)) + "\n")
                process.stdin.flush()
                busy += 1
            for key, _ in selector.select():
                line = key.data.stdout.readline()
                if not line:
                    raise SystemExit("a process of the test has ended")
                yield json.loads(line)
                idle.append(key.data)
                busy -= 1
        selector.close()

    def end(self):
        for process in self.all:
            process.stdin.close()
        for process in self.all:
            for line in process.stdout:
                yield json.loads(line)
            process.wait()


def prepare(options):
    case = support.Case(os.path.join(HERE, "scenario"), options.prepared, options.build)
    case.prepare()
    library = os.path.join(case.build, "lib")
    case.compile("program.c", "main", "-L" + library, "-Wl,-rpath," + library, "-lcoil")
    case.compile("second_client.c", "second_client", "-L" + library, "-Wl,-rpath," + library, "-lcoil")


def is_explained(name):
    return any(fnmatch.fnmatch(name, pattern) for pattern in EXPLAINED)


def unreached(sources, traced):
    passed = {point.split(":", 1)[1] for points in traced.values() for point in points}
    return sorted(name for name in sources - passed if not is_explained(name))


def all_jobs(traced):
    """Every run: (scenario, point, passage, victim, with a daemon that has seen nothing yet)."""
    for scenario in SCENARIOS:
        for point, count in sorted(traced.get(scenario, {}).items()):
            victims = PEERS if point.split(":")[0] in PEERS else (None,)
            for passage in sorted({1, count} if count < 40 else {1, count // 2}):
                for victim in victims:
                    yield scenario, point, passage, victim, False


def choose(options, traced):
    """The runs that are asked for."""
    jobs = [job for job in all_jobs(traced) if fnmatch.fnmatch("%s %s" % job[:2], "*%s*" % options.k)]
    if not options.all:
        first = {}
        for job in jobs:
            if job[3] in (None, job[1].split(":")[0]):
                first.setdefault(job[1], job)
        others = sorted(set(jobs) - set(first.values()), key=str)
        more = random.Random(options.seed).sample(others, min(options.more, len(others)))
        jobs = list(first.values()) + more
    # Those that need a daemon beside them follow each other, so that the daemon can stay.
    return sorted(jobs, key=lambda job: (list(SCENARIOS).index(job[0]), job[1], job[2], str(job[3])))


def main():
    parser = argparse.ArgumentParser(description="kills every process at every step")
    parser.add_argument("--build", default="build-faults")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("-k", metavar="PATTERN", default="")
    parser.add_argument("--more", type=int, default=0, help="so many of all other runs")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    parser.add_argument("-j", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="only say what would be done")
    parser.add_argument("--scenario", action="append", choices=list(SCENARIOS))
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--base", help=argparse.SUPPRESS)
    parser.add_argument("--prepared", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    if options.work:
        return work(options)
    options.base = tempfile.mkdtemp(prefix="coil-kill-")
    options.prepared = os.path.join(options.base, "scenario")
    try:
        return run(options)
    finally:
        shutil.rmtree(options.base, ignore_errors=True)


def run(options):
    started = time.monotonic()
    prepare(options)
    pool = Pool(options, options.j)
    failures, traced, counts = [], {}, {}

    def note(answer):
        job = answer["job"]
        if "failure" in answer:
            failures.append(job)
            print("FAIL %s\n     %s" % (" ".join(str(part) for part in job[:4]),
                                        answer["failure"].replace("\n", "\n     ")), flush=True)

    names = options.scenario or list(SCENARIOS)
    for answer in pool.map((name, None, 0, None, True) for name in names):
        note(answer)
        traced[answer["job"][0]] = answer.get("points", {})
    sources = points_of_sources()
    if not options.scenario:
        for name in unreached(sources, traced):
            failures.append(name)
            print("FAIL no scenario comes to the point %s" % name)
    jobs = choose(options, traced)
    if options.list:
        for job in jobs:
            print(*job)
        jobs = []
    runs = absent = 0
    slowest = (0, None)
    again = []
    for answer in pool.map(jobs):
        note(answer)
        runs += 1
        slowest = max(slowest, (answer["seconds"], " ".join(str(part) for part in answer["job"][:4])))
        if "failure" not in answer and not answer["reached"]:
            again.append(answer["job"])
        absent += "failure" not in answer and not answer["present"]
    missed = 0
    for answer in pool.map(job[:4] + [True] for job in again):  # a daemon that knows a module is not told of it again
        note(answer)
        if "failure" in answer or answer["reached"]:
            continue
        missed += 1
        if answer["job"][2] == 1 and not is_explained(answer["job"][1].split(":", 1)[1]):
            failures.append(answer["job"])
            print("FAIL %s: the point was armed twice and not reached" % " ".join(str(part) for part in answer["job"][:4]))
    for answer in pool.end():
        note(answer)
    points = len({point for points in traced.values() for point in points})
    print("kill at every step: %d points in the sources, %d by role, %d runs (%d without the process to kill, %d without "
          "that passage), slowest %.1f s (%s), seed %d, %.0f s: %d failed" % (
              len(sources), points, runs, absent, missed, *slowest, options.seed, time.monotonic() - started,
              len(failures)))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
