#!/usr/bin/python3
"""What comes of `make install`: every test_*.py of this folder, against one installed prefix.

    tests/install/run.py [--build DIR] [--make MAKE] [-k PATTERN] [-j N] [--long] [--keep]

A test is run(place): it finds the prefix and a folder of its own in `place` (class Place, place.py), raises Failure with
what was expected and found, or Skip with the reason why it cannot run here.  Each runs in a process of its own, the one
that takes by far the longest first.
"""
import argparse
import fnmatch
import glob
import importlib.util
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback

LONGEST = "debian"
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

import case as support  # noqa: E402
from place import Place  # noqa: E402


def run_one(path, place):
    """(verdict, text)"""
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
    module = importlib.util.module_from_spec(spec)
    verdict, text = "ok", []
    try:
        spec.loader.exec_module(module)
        module.run(place)
    except support.Skip as skip:
        verdict, text = "skip", [str(skip)]
    except support.Failure as failure:
        verdict, text = "FAIL", [str(failure)]
    except Exception:
        verdict, text = "FAIL", [traceback.format_exc()]
    left = place.leave()
    if left:
        verdict, text = "FAIL", text + left
    return verdict, "\n".join(text)


def name_of(path):
    return os.path.basename(path)[len("test_"):-3]


def start_one(path, base, prefix, options):
    """(process, file to read what it says when it has ended)"""
    out, into = os.pipe()
    pid = os.fork()
    if pid:
        os.close(into)
        return pid, os.fdopen(out)
    os.close(out)
    os.setpgid(0, 0)
    support.become_subreaper()  # what a test leaves behind is this process's, not another test's
    started = time.monotonic()
    verdict, text = run_one(path, Place(base, prefix, options, name_of(path)))
    with os.fdopen(into, "w") as file:
        json.dump([verdict, text, time.monotonic() - started], file)
    sys.stdout.flush()
    os._exit(0)


def run_all(paths, base, prefix, options):
    """Yields (path, verdict, text, seconds) as they end."""
    running, waiting = {}, sorted(paths, key=lambda path: name_of(path) != LONGEST)
    try:
        while running or waiting:
            while waiting and len(running) < options.j:
                path = waiting.pop(0)
                pid, file = start_one(path, base, prefix, options)
                running[pid] = path, file
            pid, status = os.wait()
            if pid not in running:
                continue
            path, file = running.pop(pid)
            with file:
                said = file.read()
            yield (path, *(json.loads(said) if said else ("FAIL", "its process ended with status %d" % status, 0)))
    finally:
        for pid, (_, file) in running.items():
            file.close()
            os.killpg(pid, signal.SIGKILL)


def main():
    parser = argparse.ArgumentParser(description="tests of what is installed")
    parser.add_argument("--build", default="build")
    parser.add_argument("--make", default="make")
    parser.add_argument("-k", metavar="PATTERN", default="*", help="only tests whose name matches")
    parser.add_argument("-j", type=int, default=len(os.sched_getaffinity(0)), help="so many at the same time")
    parser.add_argument("--long", action="store_true", help="leave nothing out for lack of time")
    parser.add_argument("--keep", action="store_true", help="keep the work folders")
    options = parser.parse_args()
    pattern = options.k if any(sign in options.k for sign in "*?[") else "*%s*" % options.k
    paths = [path for path in sorted(glob.glob(os.path.join(HERE, "test_*.py"))) if fnmatch.fnmatch(name_of(path), pattern)]
    if not paths:
        sys.exit("no test matches")
    sys.dont_write_bytecode = True
    support.become_subreaper()
    support.signals_restore()
    base = tempfile.mkdtemp(prefix="coil-install-")
    count = {"ok": 0, "FAIL": 0, "skip": 0}
    try:
        prefix = os.path.join(base, "prefix")
        Place(base, prefix, options, "make").make("install", "PREFIX=" + prefix)
        for path, verdict, text, seconds in run_all(paths, base, prefix, options):
            count[verdict] += 1
            print("%-4s %-16s %5.1f s%s" % (verdict, name_of(path), seconds, "  (%s)" % text if verdict == "skip" else ""))
            if verdict == "FAIL":
                print("     " + text.replace("\n", "\n     "))
            sys.stdout.flush()
    except support.Failure as failure:
        print("FAIL make install\n%s" % failure)
        count["FAIL"] += 1
    finally:
        if options.keep:
            print("work folders: " + base)
        else:
            shutil.rmtree(base, ignore_errors=True)
    print("install: %d passed, %d failed%s" % (count["ok"], count["FAIL"],
                                              ", %d skipped" % count["skip"] if count["skip"] else ""))
    return 1 if count["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
