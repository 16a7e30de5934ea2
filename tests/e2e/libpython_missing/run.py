"""libpython is not on the machine: one line that names it and says what to install; a coil that finds it still works.

A machine without it is made by a copy of coil in which the library's name, a string of fixed length, is another.
"""
import os
import re
import shutil

NAME = rb"libpython(\d[\w.]*)\.so([\d.]*)\0"


def run(case):
    prefix, folder = case.path("prefix"), case.path("other")
    if not os.path.exists(prefix):
        for part in ("bin", "lib", "libexec", "include", "share"):
            shutil.copytree(os.path.join(case.build, part), os.path.join(prefix, part), symlinks=True)
        for program in ("lib/libcoil.so", "libexec/coil/coil-worker"):
            rename(case, os.path.join(prefix, program))
        os.mkdir(folder)
        for name in ("build.py", "main"):
            shutil.copy(case.path(name), folder)
        case.tool([os.path.join(prefix, "bin", "coil-stubgen"), "build.py"], cwd=folder)
    result = case.run(program=os.path.join(folder, "main"))
    case.check(result, "0\n0\n", None)
    lines = result.stderr.splitlines()
    case.equal(len(lines), 2, "lines on stderr, one for each call:\n" + result.stderr)
    for line in lines:
        case.matches(line, r"\badd\b", "stderr")
        case.matches(line, r"Python \d\.\d+ cannot be loaded \(.*libnowher.*: install libpython\d", "stderr")
    if case.mode == "daemon":
        case.equal(case.coilctl("stop").status, 0, "coilctl stop")
    case.check(case.run(), "42\n3\n")


def rename(case, path):
    with open(path, "rb") as file:
        image = file.read()
    image, count = re.subn(NAME, lambda found: found.group(0).replace(b"python", b"nowher", 1), image)
    case.expect(count > 0, "%s does not name libpython" % path)
    with open(path, "wb") as file:
        file.write(image)
