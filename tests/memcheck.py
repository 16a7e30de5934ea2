"""Programs of end-to-end cases under valgrind's memcheck: tests/run.py --memcheck.

Only the program is watched, with libcoil and the stub libraries in it; the
daemon and Python are what they always are.  Whatever memcheck has to say
fails the case: errors, and blocks that are definitely lost at the end.
"""
import glob
import os

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = "memcheck_exit.so"


def prepare(case):
    """Compiles what looks for leaks (tests/memcheck_exit.c says why valgrind does not do it itself)."""
    case.tool(["cc", "-O1", "-g", "-Wall", "-Wextra", "-shared", "-fPIC", os.path.join(HERE, "memcheck_exit.c"),
               "-o", case.path(LIBRARY)])


def wrap(case, command, environment):
    environment["LD_PRELOAD"] = case.path(LIBRARY)
    return ["valgrind", "-q", "--leak-check=no", "--show-leak-kinds=definite", "--num-callers=30",
            "--suppressions=" + os.path.join(HERE, "memcheck.supp"),
            "--log-file=" + os.path.join(case.run_folder, "memcheck.%p.log")] + command


def take_reports(case):
    """What was found since it was asked last, as lines."""
    lines = []
    for path in sorted(glob.glob(os.path.join(case.run_folder, "memcheck.*.log"))):
        with open(path, errors="replace") as file:
            text = file.read().strip()
        if text:
            lines.append("memcheck says of the program:\n" + text)
        os.unlink(path)
    return lines
