"""A line that a handler prints is on the program's stdout while the handler still runs."""
import os


def run(case):
    process = case.popen()
    first = process.stdout.readline()
    case.equal(first, b"started\n", "first line")
    with open(case.path("go-on"), "w"):
        pass
    result = case.finish(process)
    os.unlink(case.path("go-on"))
    case.check(result, "went on\n")
