#!/usr/bin/python3
"""Reject tests of coil-stubgen: each bad input gets exactly the words that are kept here.

    tests/reject/run.py [--build DIR] [--update] [-k PATTERN]

NAME.h holds declarations for embedding_api(); if NAME starts with cdef_, for cdef(),
and with header_, for the plugin.h front end.  Beside it may stand NAME.init.py
(init code) and NAME.source.c (C source: the compiler is run, and of what is said
only coil-stubgen's own lines count).  NAME.args holds a command line instead.

NAME.expected is the whole of stderr; nothing may be on stdout, no file may be made,
and the exit status is 1, or 2 for a command line that is wrong.
"""
import argparse
import fnmatch
import os
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def command_for(stubgen, name, out):
    if os.path.exists(os.path.join(HERE, name + ".args")):
        with open(os.path.join(HERE, name + ".args"), encoding="utf-8") as file:
            return [stubgen] + shlex.split(file.read())
    init = name + ".init.py"
    if name.startswith("header_"):
        return [stubgen, name + ".h", "--module", "reject", "--init", os.devnull, "-o", out]
    command = [stubgen, "--core", "--module", "reject", "--cdef" if name.startswith("cdef_") else "--api", name + ".h"]
    if os.path.exists(os.path.join(HERE, init)):
        command += ["--init", init]
    if os.path.exists(os.path.join(HERE, name + ".source.c")):
        return command + ["--c-source", name + ".source.c", "--output-library", out + "/reject.so"]
    return command + ["--output-c", out + "/reject.c"]


def words(name, text):
    if os.path.exists(os.path.join(HERE, name + ".source.c")):
        return "".join(line for line in text.splitlines(True) if line.startswith("coil-stubgen: "))
    return text


def check(stubgen, name, update):
    path = os.path.join(HERE, name + ".expected")
    with tempfile.TemporaryDirectory(prefix="coil-reject-") as out:
        done = subprocess.run(command_for(stubgen, name, out), cwd=HERE, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        left = os.listdir(out)
    got = words(name, done.stderr.decode("utf-8", "replace"))
    status = 2 if name.startswith("usage_") and name not in ("usage_no_file", "usage_no_script") else 1
    if done.returncode != status:
        return "exit status %d instead of %d\n%s" % (done.returncode, status, done.stderr.decode("utf-8", "replace"))
    if done.stdout or left:
        return "it has made something: %r %r" % (done.stdout, left)
    if update:
        with open(path, "w", encoding="utf-8") as file:
            file.write(got)
        return None
    try:
        with open(path, encoding="utf-8") as file:
            expected = file.read()
    except FileNotFoundError:
        return "%s is missing: run tests/reject/run.py --update and read it" % path
    return None if got == expected else "expected:\n%sgot:\n%s" % (expected, got)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--update", action="store_true", help="keep what is said now as what is expected")
    parser.add_argument("-k", default="*", help="only cases that match this pattern")
    options = parser.parse_args()
    stubgen = os.path.join(os.path.abspath(options.build), "bin", "coil-stubgen")
    names = sorted({os.path.splitext(entry)[0] for entry in os.listdir(HERE) if entry.endswith((".h", ".args"))})
    names = [name for name in names if fnmatch.fnmatch(name, options.k)]
    failed = 0
    for name in names:
        problem = check(stubgen, name, options.update)
        if problem:
            failed += 1
            print("FAILED  reject/%s: %s" % (name, problem))
    print("%d reject cases, %d failed" % (len(names), failed))
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
