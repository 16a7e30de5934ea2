#!/usr/bin/python3
"""Golden tests of coil-stubgen: what it makes of tests/golden/NAME is, byte for byte, what is kept there.

    tests/golden/run.py [--build DIR] [--update] [-k PATTERN]

A case is a folder, named as the module, with these files:

    cdef*.h        declarations for cdef(); cdef.packed.h and cdef.packN.h are packed
    api.h          declarations for embedding_api()
    plugin.h       instead of the two: the plugin.h front end, with extra.c
    source.c       the C source
    init.py        the init code
    languages      in which emitted code must compile: c11 and c++11 if there is no such file
    expected.c     the emitted source;  expected.h: the emitted header (not for plugin.h)
    explained.txt  what --explain says, with the notes; not asked for if there is no such file

Emitted code is compiled with all warnings as errors, and the descriptor that the
compiler lays out is shown to _cffi_backend (backend.py).
"""
import argparse
import difflib
import fnmatch
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-pedantic", "-Werror"]
LANGUAGES = {
    "c11": ["cc", "-std=c11", "-x", "c"],
    "c++11": ["c++", "-std=c++11", "-x", "c++"],
    "c++20": ["c++", "-std=c++20", "-x", "c++"],
}
if shutil.which("clang"):
    # Anonymous structs in C++ are an extension; they are the declarations' own.
    LANGUAGES["c11 by clang"] = ["clang", "-std=c11", "-x", "c"]
    LANGUAGES["c++11 by clang"] = ["clang", "-std=c++11", "-x", "c++", "-Wno-gnu-anonymous-struct", "-Wno-nested-anon-types"]


class Failure(Exception):
    pass


def run(command, **keywords):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, **keywords)
    if done.returncode != 0:
        raise Failure("%s\nexit status %d\n%s" % (shlex.join(command), done.returncode, done.stdout))
    return done.stdout


def present(folder, name):
    return os.path.exists(os.path.join(folder, name))


def generate_core(stubgen, name, folder, out):
    command = [stubgen, "--core", "--module", name, "--output-c", out + "/stub.c", "--output-header", out + "/stub.h"]
    for entry in sorted(os.listdir(folder)):
        if entry.startswith("cdef") and entry.endswith(".h"):
            command += ["--cdef", entry]
            variant = entry[len("cdef"):-len(".h")]
            if variant == ".packed":
                command += ["--packed"]
            elif variant.startswith(".pack"):
                command += ["--pack", variant[len(".pack"):]]
    if present(folder, "api.h"):
        command += ["--api", "api.h"]
    if present(folder, "source.c"):
        command += ["--c-source", "source.c"]
    if present(folder, "init.py"):
        command += ["--init", "init.py"]
    run(command + ["--output-library", out + "/stub.so", "--output-descriptor", out + "/stub.coil"], cwd=folder)
    made = {"expected.c": out + "/stub.c", "expected.h": out + "/stub.h"}
    if present(folder, "explained.txt"):
        made["explained.txt"] = out + "/explained.txt"
        with open(made["explained.txt"], "w", encoding="utf-8") as file:
            file.write(run(command + ["--explain"], cwd=folder))
    return made


def generate_plugin(stubgen, name, folder, out):
    run([stubgen, "plugin.h", "--module", name, "--init", "init.py", "--source", "extra.c", "-o", out], cwd=folder)
    for end in (".c", ".so", ".coil"):
        os.rename(os.path.join(out, name + end), os.path.join(out, "stub" + end))
    return {"expected.c": out + "/stub.c"}


def compare(folder, expected, made, update):
    path = os.path.join(folder, expected)
    with open(made, encoding="utf-8") as file:
        new = file.read()
    if update:
        with open(path, "w", encoding="utf-8") as file:
            file.write(new)
        return
    try:
        with open(path, encoding="utf-8") as file:
            old = file.read()
    except FileNotFoundError:
        raise Failure("%s is missing: run tests/golden/run.py --update and look at it" % path) from None
    if old != new:
        raise Failure("".join(difflib.unified_diff(old.splitlines(True), new.splitlines(True), path, "now")))


def languages_of(folder):
    if not present(folder, "languages"):
        return list(LANGUAGES)
    with open(os.path.join(folder, "languages"), encoding="utf-8") as file:
        wanted = file.read().split()
    return [language for language in LANGUAGES if language.split()[0] in wanted]


def compile_emitted(build, folder, out, made):
    include = ["-I" + os.path.join(build, "include"), "-I" + folder]
    for language in languages_of(folder):
        run(LANGUAGES[language] + WARNINGS + include + ["-c", "-o", out + "/stub.o", made["expected.c"]])
        if "expected.h" in made:
            with open(out + "/user.c", "w", encoding="utf-8") as file:
                file.write('#include "stub.h"\n#include "stub.h"\n')
            run(LANGUAGES[language] + WARNINGS + ["-c", "-o", out + "/user.o", out + "/user.c"])


def check(case, build, update):
    stubgen = os.path.join(build, "bin", "coil-stubgen")
    folder = os.path.join(HERE, case)
    with tempfile.TemporaryDirectory(prefix="coil-golden-") as out:
        front_end = generate_plugin if present(folder, "plugin.h") else generate_core
        made = front_end(stubgen, case, folder, out)
        for expected, path in made.items():
            compare(folder, expected, path, update)
        compile_emitted(build, folder, out, made)
        run([sys.executable, "-B", os.path.join(HERE, "backend.py"), out + "/stub.coil"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--update", action="store_true", help="keep what is made now as what is expected")
    parser.add_argument("-k", default="*", help="only cases that match this pattern")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    cases = [entry for entry in sorted(os.listdir(HERE))
             if os.path.isdir(os.path.join(HERE, entry)) and entry != "__pycache__" and fnmatch.fnmatch(entry, options.k)]
    failed = 0
    for case in cases:
        try:
            check(case, build, options.update)
            print("ok      golden/%s" % case)
        except Failure as failure:
            failed += 1
            print("FAILED  golden/%s\n%s" % (case, failure))
    print("%d golden cases, %d failed" % (len(cases), failed))
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
