#!/usr/bin/python3
"""What each kind of parameter costs; writes docs/bench/pointers.md.

    bench/pointers/run.py [--build DIR] [--rounds N] [--turns N] [--output FILE]

The same program (program.c) runs with CFFI, coil in-process and coil remote, in turns; each row is the median over the
turns of the medians within each run, and ratios are taken within a turn.
"""
import argparse
import os
import shutil
import statistics
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from kit import Bench, PYTHON, ROOT, command, say  # noqa: E402
from machine import machine  # noqa: E402

ROWS = [
    ("add", "`int, int`", "nothing: with the frame"),
    ("text_in", "`const char *`, 16 bytes", "in"),
    ("text_inout", "`char *`, 16 bytes", "in, changes back"),
    ("point_in", "`const struct point *`, 32 bytes", "in"),
    ("point_inout", "`struct point *`, 32 bytes", "in, changes back"),
    ("person_in", "`const struct person *` with a string and a struct behind it", "in, three blocks"),
    ("list_in", "`const struct node *`, a list of 10", "in, ten blocks"),
    ("names_in", "`const char *const *`, 10 strings", "in, eleven blocks"),
    ("first_8", "`const double *`, 1 element, seen by NumPy", "in"),
    ("first_1k", "the same, 1 KiB", "in"),
    ("first_64k", "the same, 64 KiB", "in"),
    ("first_1m", "the same, 1 MiB", "in"),
    ("first_64m", "the same, 64 MiB", "in"),
    ("inout_64k", "`double *` [inout], 64 KiB", "in, changes back"),
    ("inout_1m", "`double *` [inout], 1 MiB", "in, changes back"),
    ("out_1m", "`double *` [out], 1 MiB", "back"),
    ("shared_1k", "`const double *` of `coil_alloc`, 1 KiB", "nothing"),
    ("shared_1m", "the same, 1 MiB", "nothing"),
    ("shared_64m", "the same, 64 MiB", "nothing"),
    ("make_point", "result `struct point *` of `ffi.new`", "nothing"),
    ("call_lib", "Python calls a C function, `lib.twice(x)`: C, Python, C, Python, C", "with the frame"),
    ("call_pointer", "callback, `int (*)(int)`: C, Python, C, Python, C", "with the frame"),
    ("call_back", "callback that calls Python: C, Python, C, Python, C, Python, C", "with the frame"),
    ("note", "`[oneway]`, the caller's part", "with the frame"),
    ("stream", "`[oneway]`, a stream of 20,000, per call", "with the frame"),
]


def median(values):
    return statistics.median(values)


class Pointers(Bench):
    def prepare(self):
        for name in ("coil", "cffi"):
            folder = os.path.join(self.work, name)
            os.mkdir(folder)
            for file in ("build.py", "program.c"):
                shutil.copy(os.path.join(HERE, file), folder)
            # The script writes api.h when it is run; coil-stubgen runs it as such, too.
            tool = os.path.join(self.build, "bin", "coil-stubgen") if name == "coil" else PYTHON
            command([tool, "build.py"], folder, self.environment)
            command(["cc", "-O2", "-Wall", "-Wextra", "program.c", "-o", "program", "-L.", "-l:" + self.library(folder),
                     "-Wl,-rpath,$ORIGIN", "-Wl,--allow-shlib-undefined", "-ldl"], folder, self.environment)

    @staticmethod
    def library(folder):
        return [name for name in os.listdir(folder) if name.endswith(".so")][0]

    def measure(self, row, rounds):
        folder = os.path.join(self.work, "cffi" if row == "cffi" else "coil")
        environment = dict(self.environment)
        if row != "cffi":
            environment["COIL_MODE"] = "daemon" if row == "remote" else "inprocess"
        out = command([os.path.join(folder, "program"), str(rounds)], folder, environment)
        return {name: float(value) for name, value in (line.split() for line in out.splitlines())}


def goals(results):
    """What the rows say together; each a ratio within a turn."""
    remote, cffi = results["remote"], results["cffi"]
    rows = [
        ("1 MiB staged, beside one memcpy of it and the small call", 1.3,
         [r["first_1m"] / (r["copy_1m"] + r["first_8"]) for r in remote]),
        ("64 MiB of coil_alloc beside 1 KiB of it", 1.3, [r["shared_64m"] / r["shared_1k"] for r in remote]),
        ("callback round trip beside the plain remote call", 2.5, [r["call_pointer"] / r["add"] for r in remote]),
        ("one-way, the caller's part beside a synchronous call", 0.25, [r["note"] / r["add"] for r in remote]),
        ("one-way, a stream beside CFFI in-process", 1.0,
         [r["stream"] / c["stream"] for r, c in zip(remote, cffi)]),
    ]
    text = ["| remote | at most | measured | over the turns |", "|---|---|---|---|"]
    for title, goal, ratios in rows:
        text.append("| %s | %.2f | %.2f | %.2f to %.2f |" % (title, goal, median(ratios), min(ratios), max(ratios)))
    return text


def table(results, options):
    text = ["| parameter | copied | CFFI ns | coil in-process ns | coil remote ns |", "|---|---|---|---|---|"]
    for name, title, copied in ROWS:
        numbers = [median(r[name] for r in results[row]) for row in ("cffi", "inprocess", "remote")]
        text.append("| %s | %s | %s |" % (title, copied, " | ".join("%.0f" % n if n else "-" for n in numbers)))
    text += ["", "memcpy alone: " + ", ".join("%s %.0f ns" % (size, median(r["copy_" + size] for r in results["remote"]))
                                               for size in ("1k", "64k", "1m", "64m")) + ".", ""]
    text += goals(results)
    text += ["", "%d turns of %d rounds each; medians. Machine: %s." % (options.turns, options.rounds, machine())]
    return "\n".join(text)


def main():
    parser = argparse.ArgumentParser(description="what each kind of parameter costs")
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "bench", "pointers.md"))
    options = parser.parse_args()
    work = tempfile.mkdtemp(prefix="coil-bench-")
    bench = Pointers(options.build, work)
    try:
        bench.prepare()
        results = {"cffi": [], "inprocess": [], "remote": []}
        for number in range(options.turns):
            for row, runs in results.items():
                runs.append(bench.measure(row, options.rounds))
            say("turn %d of %d" % (number + 1, options.turns))
        text = table(results, options)
        say("\n" + text)
        os.makedirs(os.path.dirname(options.output), exist_ok=True)
        with open(options.output, "w") as file:
            file.write("# What each kind of parameter costs\n\n`make bench` writes this page; bench/README.md explains it.\n\n"
                       + text + "\n")
    finally:
        bench.stop()
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
