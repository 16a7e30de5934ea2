#!/usr/bin/python3
"""The rooms of the design and the arrows between them: what is not in these tables is a defect.

    tests/layering/run.py [--build DIR]

Checks the #includes of every source file, what each built program and library
needs and exports, that Python's symbols stay in the host, and that a generated
stub library needs nothing but libcoil.
"""
import argparse
import glob
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Room -> prefixes of what it may include of ours.
ROOMS = {
    "proto": ["proto/"],
    "client": ["client/", "proto/", "daemon/host/host.h"],
    "stubgen": ["stubgen/", "proto/"],
    "daemon/supervisor": ["daemon/supervisor/", "proto/"],
    "daemon/worker": ["daemon/worker/", "proto/", "daemon/host/host.h"],
    "daemon/host": ["daemon/host/", "proto/"],
    "daemon/ctl": ["daemon/ctl/", "proto/"],
}

# Files that are compiled into other rooms and must be as poor as those.
GUESTS = {"daemon/host/load.c": ["daemon/host/host.h", "proto/"]}

# Pattern of a library's header -> the files that may include it.
LIBRARIES = {
    r"(Python|frameobject|structmember|pythread)\.h": ["daemon/host/"],
    r"msgpack(\.h|/.*)": ["proto/message.c"],
    r"uv\.h": ["daemon/supervisor/"],
    r"ini\.h": ["daemon/supervisor/config.c"],
    r"ffi(target)?\.h": ["proto/native.c"],
    r"sys/sdt\.h": ["proto/probe.h"],
    r"jemalloc/.*": ["daemon/worker/heap.c"],
    r"coil/.*": ["client/", "proto/"],
}

# Built file -> shared libraries it may need besides the C library's.
NEEDED = {
    "lib/libcoil.so": ["libmsgpackc", "libffi"],
    "lib/coil/libcoil-host.so": ["libffi"],
    "libexec/coil/coil-worker": ["libmsgpackc"],
    "bin/coild": ["libmsgpackc", "libuv", "libinih"],
    "bin/coilctl": ["libmsgpackc"],
    "bin/coil-stubgen": [],
}
C_LIBRARY = ["libc", "libm", "libdl", "librt", "libpthread", "libgcc_s", "ld-linux-x86-64", "ld-linux-aarch64",
             "libasan", "libubsan", "libtsan"]

MAY_NOT_NAME_PYTHON = ["lib/libcoil.so", "libexec/coil/coil-worker", "bin/coild", "bin/coilctl", "bin/coil-stubgen"]
STANDS_IN = {("daemon/worker/fatal.o", "_exit")}  # for the C library's, on purpose
STUB_CALLS = {"coil_call", "coil_module_start", "coil_module_import"}
PYTHON_SYMBOL = re.compile(r"_?Py[A-Z_]")
LINES_MAX = 800

problems = []


def problem(text):
    problems.append(text)


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def check_includes(path, room):
    allowed = GUESTS.get(path, ROOMS[room])
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        lines = file.readlines()
    if len(lines) > LINES_MAX:
        problem("%s has %d lines; at most %d" % (path, len(lines), LINES_MAX))
    for number, line in enumerate(lines, 1):
        include = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not include:
            continue
        kind, name = include.groups()
        if kind == '"':
            if not any(name == prefix or prefix.endswith("/") and name.startswith(prefix) for prefix in allowed):
                problem('%s:%d: %s may not include "%s"' % (path, number, room, name))
            elif not os.path.exists(os.path.join(ROOT, name)):
                problem('%s:%d: includes are rooted at the source root: "%s"' % (path, number, name))
        for pattern, places in LIBRARIES.items():
            if re.fullmatch(pattern, name) and not any(path.startswith(place) for place in places):
                problem("%s:%d: <%s> belongs to %s only" % (path, number, name, ", ".join(places)))


def dynamic_symbols(path, *options):
    """Names of the dynamic symbol table, without versions."""
    return {line.split()[-1].split("@")[0] for line in output("nm", "-D", *options, path).splitlines() if line.split()}


def check_needed(path, name, allowed):
    for library in re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-d", path)):
        base = library.split(".so")[0]
        if base not in allowed and base not in C_LIBRARY:
            problem("%s needs %s, which it may not" % (name, library))


def check_python_free(path, name):
    python = sorted(symbol for symbol in dynamic_symbols(path, "--undefined-only") if PYTHON_SYMBOL.match(symbol))
    if python:
        problem("%s uses Python's symbols: %s" % (name, " ".join(python[:8])))


def check_built(build):
    for name, allowed in NEEDED.items():
        path = os.path.join(build, name)
        if not os.path.exists(path):
            problem("%s was not built" % path)
            continue
        check_needed(path, name, allowed)
        if name in MAY_NOT_NAME_PYTHON:
            check_python_free(path, name)
    exports = {"lib/libcoil.so": re.compile(r"coil_\w+|COIL_\S*"), "lib/coil/libcoil-host.so": re.compile(r"coil_host_get")}
    for name, pattern in exports.items():
        path = os.path.join(build, name)
        if os.path.exists(path):
            foreign = sorted(symbol for symbol in dynamic_symbols(path, "--defined-only")
                             if not pattern.fullmatch(symbol) and not re.match(r"_*(asan|ubsan|odr_asan|_init|_fini)", symbol))
            if foreign:
                problem("%s exports %s" % (name, " ".join(foreign[:8])))


def check_object_names(build):
    """External symbols are coil_<noun>_<verb>; everything else is static."""
    for room in ROOMS:
        for path in sorted(glob.glob(os.path.join(build, "obj", room, "**", "*.o"), recursive=True)):
            for line in output("nm", "--defined-only", "-g", path).splitlines():
                symbol = line.split()[-1]
                name = os.path.relpath(path, os.path.join(build, "obj"))
                if not re.match(r"coil_|main$|_*(asan|odr_asan|ubsan)|(__start|__stop)_|_\.stapsdt\.base$", symbol) and (
                        name, symbol) not in STANDS_IN:
                    problem("%s defines the external symbol %s" % (os.path.relpath(path, build), symbol))


def check_stub(build):
    with tempfile.TemporaryDirectory(prefix="coil-layering-") as folder:
        with open(os.path.join(folder, "sample.h"), "w") as file:
            file.write("typedef struct { int x, y; } point_t;\nextern int sum(const point_t *p, const char *text);\n")
        with open(os.path.join(folder, "init.py"), "w") as file:
            file.write("from sample import ffi\n")
        done = subprocess.run([os.path.join(build, "bin", "coil-stubgen"), "sample.h", "--module", "sample", "--init", "init.py",
                               "-o", "."], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        library = os.path.join(folder, "sample.so")
        if done.returncode != 0 or not os.path.exists(library):
            problem("coil-stubgen made no stub library of the sample: " + done.stdout)
            return
        check_needed(library, "a stub library", ["libcoil"])
        check_python_free(library, "a stub library")
        used = {symbol for symbol in dynamic_symbols(library, "--undefined-only") if symbol.startswith("coil_")}
        if not used <= STUB_CALLS:
            problem("a stub library calls %s, which client/stub.h does not offer" % " ".join(sorted(used - STUB_CALLS)))


def main():
    parser = argparse.ArgumentParser(description="the arrows between the rooms")
    parser.add_argument("--build", default="build")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    count = 0
    for room in ROOMS:
        for path in sorted(glob.glob(os.path.join(ROOT, room, "**", "*.[ch]"), recursive=True)):
            check_includes(os.path.relpath(path, ROOT), room)
            count += 1
    check_built(build)
    check_object_names(build)
    if os.path.exists(os.path.join(build, "bin", "coil-stubgen")):
        check_stub(build)
    for text in problems:
        print("FAIL " + text)
    print("layering: %d files, %d problems" % (count, len(problems)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
