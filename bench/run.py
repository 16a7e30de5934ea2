#!/usr/bin/python3
"""Measures add(int, int) through coil beside CFFI and beside what is below both; prints ratios.

    bench/run.py [--build DIR] [--rounds N] [--calls N] [--first N] [--output FILE]

One run measures everything, in turns (A B C, A B C, ...), so that what the
machine does meanwhile hits all alike; medians over the rounds.  bench/README.md
explains each row.
"""
import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
PYTHON = "/usr/bin/python3"
ROWS = [
    ("pingpong", "cache line there and back, two processes"),
    ("vectorcall", "Python's vectorcall with the GIL taken and dropped"),
    ("cffi", "CFFI embedding, in-process"),
    ("inprocess", "coil, in-process"),
    ("remote", "coil, remote (daemon)"),
]


def say(text):
    print(text, flush=True)


def command(arguments, folder, env):
    done = subprocess.run(arguments, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit("bench: %s ended with status %d\n%s%s" % (" ".join(arguments), done.returncode, done.stdout, done.stderr))
    return done.stdout


class Bench:
    def __init__(self, build, work):
        self.build, self.work = os.path.abspath(build), work
        self.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": work, "LANG": "C.UTF-8", "TMPDIR": work,
                            "COIL_SOCKET": os.path.join(work, "run", "coild.sock")}
        os.mkdir(os.path.join(work, "run"), 0o700)

    def prepare(self):
        """The same build script and the same caller for both; only the stub library differs."""
        for name in ("coil", "cffi"):
            folder = os.path.join(self.work, name)
            os.mkdir(folder)
            shutil.copy(os.path.join(HERE, "build.py"), folder)
            if name == "coil":
                command([os.path.join(self.build, "bin", "coil-stubgen"), "build.py"], folder, self.environment)
            else:
                command([PYTHON, "build.py"], folder, self.environment)
        cc = ["cc", "-O2", "-Wall", "-Wextra", "-I" + HERE]
        command(cc + [os.path.join(HERE, "caller.c"), "-o", "caller", "-Lcffi", "-l:plugin.so", "-Wl,-rpath,$ORIGIN",
                      "-Wl,--allow-shlib-undefined"], self.work, self.environment)
        for name in ("coil", "cffi"):
            shutil.copy(os.path.join(self.work, "caller"), os.path.join(self.work, name))
        command(cc + [os.path.join(HERE, "pingpong.c"), "-o", "pingpong"], self.work, self.environment)
        config = [PYTHON, os.path.join(ROOT, "make", "python_config.py")]
        flags = command(config + ["--cflags"], self.work, self.environment).split()
        version = command(config + ["--version"], self.work, self.environment).strip()
        command(cc + flags + [os.path.join(HERE, "vectorcall.c"), "-o", "vectorcall", "-lpython" + version], self.work,
                self.environment)

    def run(self, row, *arguments):
        program = {"cffi": "cffi/caller", "inprocess": "coil/caller", "remote": "coil/caller"}.get(row, row)
        environment = dict(self.environment)
        if row in ("inprocess", "remote"):
            environment["COIL_MODE"] = "daemon" if row == "remote" else "inprocess"
        out = command([os.path.join(self.work, program)] + [str(argument) for argument in arguments], self.work, environment)
        return [float(number) for number in out.split()]

    def stop(self):
        subprocess.run([os.path.join(self.build, "bin", "coilctl"), "stop"], env=self.environment, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=30)


def median(values):
    return statistics.median(values)


def machine():
    model = "unknown CPU"
    with open("/proc/cpuinfo") as file:
        found = re.search(r"model name\s*:\s*(.*)", file.read())
        if found:
            model = found.group(1).strip()
    cffi = subprocess.run([PYTHON, "-c", "import cffi; print(cffi.__version__)"], stdout=subprocess.PIPE, text=True).stdout.strip()
    compiler = subprocess.run(["cc", "--version"], stdout=subprocess.PIPE, text=True).stdout.splitlines()[0]
    python = subprocess.run([PYTHON, "-V"], stdout=subprocess.PIPE, text=True).stdout.strip()
    virtual = "hypervisor" in open("/proc/cpuinfo").read()
    return "%s, %d CPUs%s; Linux %s; %s; CFFI %s; %s" % (model, len(os.sched_getaffinity(0)),
                                                        " of a virtual machine" if virtual else "",
                                                        platform.release().split("-")[0], python, cffi, compiler)


def table(results, firsts, options):
    base = results["cffi"]
    text = ["| `int add(int, int)`, one thread | p50 ns | its range over the rounds | p99 ns | batch ns | ratio to CFFI (p50) "
            "| ratio to CFFI (batch) |", "|---|---|---|---|---|---|---|"]
    for row, title in ROWS:
        rounds = results[row]
        ratio = [median(mine[column] / theirs[column] for mine, theirs in zip(rounds, base)) for column in (0, 2)]
        text.append("| %s | %.0f | %.0f to %.0f | %.0f | %.0f | %.2f | %.2f |" % (
            title, median(r[0] for r in rounds), min(r[0] for r in rounds), max(r[0] for r in rounds), median(r[1] for r in rounds), median(r[2] for r in rounds), *ratio))
    above = median((mine[0] - line[0]) / theirs[0] for mine, line, theirs in zip(results["remote"], results["pingpong"], base))
    text += ["", "A remote call less one cache line there and back: %.2f of a CFFI call." % above]
    cold = median(firsts["cffi"])
    text += ["", "| first call of a fresh process | median ms | ratio to CFFI |", "|---|---|---|"]
    for row, title in (("cffi", "CFFI embedding, cold"), ("inprocess", "coil, in-process, cold"), ("remote", "coil, against a warm daemon")):
        text.append("| %s | %.2f | %.3f |" % (title, median(firsts[row]) / 1e6, median(firsts[row]) / cold))
    text += ["", "%d rounds in turns, %d calls in each measurement; %d first calls of each kind, in turns; medians." % (
        options.rounds, options.calls, options.first), "", "Machine: " + machine() + "."]
    return "\n".join(text)


def main():
    parser = argparse.ArgumentParser(description="what a call costs")
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", type=int, default=100000)
    parser.add_argument("--first", type=int, default=25)
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "bench", "latest.md"))
    options = parser.parse_args()
    work = tempfile.mkdtemp(prefix="coil-bench-")
    bench = Bench(options.build, work)
    try:
        bench.prepare()
        bench.run("remote", "first")  # the daemon is warm from here on
        results = {row: [] for row, _ in ROWS}
        for number in range(options.rounds):
            for row, _ in ROWS:
                results[row].append(bench.run(row, options.calls))
            say("round %d of %d: %s" % (number + 1, options.rounds,
                                        ", ".join("%s %.0f" % (row, results[row][-1][0]) for row, _ in ROWS)))
        firsts = {row: [] for row in ("cffi", "inprocess", "remote")}
        for number in range(options.first):
            for row in firsts:
                firsts[row] += bench.run(row, "first")
        text = table(results, firsts, options)
        say("\n" + text)
        os.makedirs(os.path.dirname(options.output), exist_ok=True)
        with open(options.output, "w") as file:
            file.write("# The last `make bench`\n\nWhat the rows mean: [bench/README.md](../../bench/README.md).\n\n" + text + "\n")
    finally:
        bench.stop()
        shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
