#!/usr/bin/python3
"""Runs the end-to-end cases: every folder of tests/e2e, each in both modes; or those of tests/stress.

    tests/run.py [--build DIR] [--suite e2e|stress] [--mode MODE] [-k PATTERN] [--quick] [-j N] [--keep]

A case is a folder with these files (tests/e2e/README.md):

    build*.py            CFFI build scripts, run by coil-stubgen unchanged; or plugin.h and init.py
    main.c               the program, compiled without any flag of coil's
    expected.stdout      exactly (default: empty)
    expected.stderr      lines: exact, "~ regex", or "..." for any number of lines (default: empty)
    expected.status      default: 0
    modes                default: daemon inprocess cffi (cffi: only with --mode cffi, real CFFI, to prove the expectation)
    system               in daemon mode, it is run under coild --system, too; --mode system: all that can be
    not_system           it never can, for the reason that the file gives
    once                 the output of a second run against the same daemon differs
    quick                part of `make check`
    memcheck             part of `make run-memcheck`: its program is run under valgrind
    run.py               a scripted case: run(case), with class Case of tests/case.py

The program of a case without run.py runs twice against the same daemon.  After
each mode `coilctl stop` must leave nothing: no process, no file.
"""
import argparse
import concurrent.futures
import fnmatch
import glob
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

import case as support

HERE = os.path.dirname(os.path.abspath(__file__))


def shared_memory():
    try:
        return {name for name in os.listdir("/dev/shm") if "coil" in name}
    except OSError:
        return set()


def run_script(case):
    spec = importlib.util.spec_from_file_location("scripted_case", os.path.join(case.source, "run.py"))
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    module.run(case)


def run_mode(case, mode, accept):
    """Returns (verdict, text)."""
    memory = shared_memory()
    case.enter_mode(mode)
    verdict, problems = "ok", []
    try:
        if case.has("run.py"):
            run_script(case)
        else:
            result = case.run()
            if accept:
                with open(os.path.join(case.source, "expected.stdout"), "w", encoding="utf-8") as file:
                    file.write(result.stdout)
            case.check_expected(result)
            if mode in ("daemon", "system") and not case.has("once"):
                try:
                    case.check_expected(case.run())
                except support.Failure as failure:
                    raise support.Failure("in the second run against the same daemon:\n%s" % failure)
        case.check_place()
    except support.Skip as skip:
        verdict, problems = "skip", [str(skip)]
    except support.Failure as failure:
        verdict, problems = "FAIL", [str(failure)]
    except Exception:
        verdict, problems = "FAIL", [traceback.format_exc()]
    if verdict == "FAIL":
        problems += case.log_tail()
    try:
        left = case.leave_mode()
    except Exception:
        left = [traceback.format_exc()] + case.reap(0)
    left += ["left in /dev/shm: " + name for name in sorted(shared_memory() - memory)]
    if left:
        verdict = "FAIL"
        problems += left
    return verdict, "\n".join(problems)


def run_one(options):
    """The process that runs one case: prints one JSON line for each mode."""
    support.become_subreaper()
    support.signals_restore()
    case = support.Case(options.one, options.work, options.build, options.sanitize, options.scale, options.memcheck)
    started = time.monotonic()
    try:
        modes = [mode for mode in case.modes() if mode in options.mode]
        if case.system_is_possible() and ("system" in options.mode or ("daemon" in options.mode and case.has("system"))):
            modes.append("system")
    except support.Failure as failure:
        print(json.dumps(["-", "FAIL", str(failure), 0]), flush=True)
        return
    if not modes:
        return
    try:
        case.prepare(cffi=options.mode == ["cffi"])
    except (support.Failure, subprocess.TimeoutExpired) as failure:
        for mode in modes:
            print(json.dumps([mode, "FAIL", "building the case: %s" % failure, 0]), flush=True)
        case.reap(0)
        return
    for mode in modes:
        verdict, text = run_mode(case, mode, options.accept)
        print(json.dumps([mode, verdict, text, time.monotonic() - started]), flush=True)
        started = time.monotonic()


def spawn(source, base, options):
    work = os.path.join(base, os.path.basename(source))
    name = os.path.basename(source)
    command = [sys.executable, os.path.abspath(__file__), "--one", source, "--work", work, "--build", options.build,
               "--scale", str(options.scale), "--sanitize", options.sanitize]
    if options.accept:
        command += ["--accept"]
    if options.memcheck:
        command += ["--memcheck"]
    for mode in options.mode:
        command += ["--mode", mode]
    results, noise = [], []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as done:
        for line in done.stdout:
            try:
                result = json.loads(line)
            except ValueError:
                noise.append(line.rstrip("\n"))
                continue
            if result[0] == "note":  # while it runs
                print("     %s: %s" % (name, result[1].replace("\n", "\n     ")), flush=True)
            else:
                results.append(result)
    if done.returncode != 0 or noise:
        results.append(["-", "FAIL", "the runner itself:\n" + "\n".join(noise), 0])
    return results


def main():
    parser = argparse.ArgumentParser(description="end-to-end tests")
    parser.add_argument("--build", default="build", help="the build folder")
    parser.add_argument("--suite", default="e2e", choices=["e2e", "stress"], help="which folder of cases")
    parser.add_argument("--mode", action="append", choices=["daemon", "inprocess", "cffi", "system"])
    parser.add_argument("-k", metavar="PATTERN", default="*", help="only cases whose name matches; several with commas")
    parser.add_argument("--quick", action="store_true", help="only cases marked as quick")
    parser.add_argument("-j", type=int, default=len(os.sched_getaffinity(0)), metavar="N", help="cases at a time")
    parser.add_argument("--keep", action="store_true", help="keep the work folders")
    parser.add_argument("--scale", type=int, default=1, help="repeat what cases repeat N times as often")
    parser.add_argument("--sanitize", default="", help="what the build folder was built with")
    parser.add_argument("--memcheck", action="store_true", help="programs under valgrind; only cases marked for it")
    parser.add_argument("--accept", action="store_true", help="write what stdout is into expected.stdout")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.mode = options.mode or ["daemon", "inprocess"]
    options.build = os.path.abspath(options.build)
    if options.one:
        return run_one(options)

    patterns = [part if any(sign in part for sign in "*?[") else "*%s*" % part for part in options.k.split(",")]
    sources = [folder.rstrip("/") for folder in sorted(glob.glob(os.path.join(HERE, options.suite, "*", "")))]
    sources = [source for source in sources if any(fnmatch.fnmatch(os.path.basename(source), pattern) for pattern in patterns)
               and (not options.quick or os.path.exists(os.path.join(source, "quick")))
               and (not options.memcheck or os.path.exists(os.path.join(source, "memcheck")))]
    if not sources:
        sys.exit("no case matches")
    base = tempfile.mkdtemp(prefix="coil-e2e-")
    count = {"ok": 0, "FAIL": 0, "skip": 0}
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, options.j)) as pool:
        futures = {pool.submit(spawn, source, base, options): source for source in sources}
        for future in concurrent.futures.as_completed(futures):
            name = os.path.basename(futures[future])
            for mode, verdict, text, seconds in future.result():
                print("%-4s %-24s %-10s %5.1f s%s" % (verdict, name, mode, seconds,
                                                     "  (%s)" % text if verdict == "skip" else ""))
                if verdict == "FAIL":
                    print("     " + text.replace("\n", "\n     "))
                count[verdict] += 1
                sys.stdout.flush()
    if options.keep:
        print("work folders: " + base)
    else:
        shutil.rmtree(base, ignore_errors=True)
    skipped = ", %d skipped" % count["skip"] if count["skip"] else ""
    print("%s: %d passed, %d failed%s" % ("end to end" if options.suite == "e2e" else options.suite, count["ok"], count["FAIL"], skipped))
    return 1 if count["FAIL"] or not count["ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
