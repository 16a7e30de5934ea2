#!/usr/bin/python3
"""Proves the models with spin, and that each would notice if one of its rules were missing.

    tests/model/run.py [--long]

wake.pml      the ring's wake protocol, with store buffers: no wake-up is lost
session.pml   a client thread, nested calls, deaths, generations: nothing runs twice, nothing of a dead generation counts

--long: larger ones, which take minutes and some gigabytes.
"""
import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SMALL = ["-DGENERATIONS=2", "-DCALLS=3"]
# (model, defines, what it finds: nothing, or a mistake that was made on purpose)
RUNS = [
    ("wake", [], False),
    ("wake", ["-DNO_PRODUCER_FENCE"], True),
    ("wake", ["-DNO_CONSUMER_FENCE"], True),
    ("session", SMALL, False),
    ("session", ["-DGENERATIONS=3", "-DCALLS=2", "-DDEPTH=1"], False),
] + [("session", SMALL + ["-D" + mistake], True)
     for mistake in ("DEAD_BY_EOF", "STARTED_LATE", "ASKED_FORGOTTEN", "NO_LAST_LOOK", "NEVER_LOOKS", "NO_REWIND", "NO_WAKE",
                     "OPENED_INSIDE")]
LONG_RUNS = [
    ("session", ["-DGENERATIONS=3", "-DCALLS=2"], False),
    ("session", ["-DGENERATIONS=2", "-DCALLS=4"], False),
    ("session", ["-DGENERATIONS=3", "-DCALLS=3"], False),
]
DEPTH_MAX = "-m200000"


def verify(model, defines):
    """The first mistake that spin finds, or None."""
    with tempfile.TemporaryDirectory(prefix="coil-model-") as folder:
        subprocess.run(["spin", *defines, "-a", str(HERE / (model + ".pml"))], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run(["cc", "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c"], cwd=folder, check=True)
        text = subprocess.run(["./pan", DEPTH_MAX], cwd=folder, check=True, capture_output=True, text=True).stdout
    lines = text.splitlines()
    errors = next(line for line in lines if "errors:" in line)
    if int(errors.rsplit("errors:", 1)[1]):
        return next((line for line in lines if line.startswith("pan:1:")), errors)
    incomplete = [line for line in lines if "max search depth too small" in line or "out of memory" in line]
    return incomplete[0] if incomplete else None


def judge(model, defines, is_wrong):
    """Says whether it is as it should be."""
    began = time.monotonic()
    found = verify(model, defines)
    good = bool(found) == is_wrong
    print("%s model %s: %s (%.1f s)" % ("ok  " if good else "FAIL", " ".join([model, *defines]),
                                        found or "nothing found", time.monotonic() - began), flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description="the models")
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        verdicts = list(pool.map(lambda run: judge(*run), RUNS))
    verdicts += [judge(*run) for run in LONG_RUNS if options.long]  # each needs the memory
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
