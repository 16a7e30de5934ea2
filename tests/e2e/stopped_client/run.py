"""A program whose output nobody reads stands still; all others go on, and it goes on when it is read."""
import subprocess
import time


def run(case):
    case.check(case.run(), "42\n")
    stopped = case.popen("print", stdout=subprocess.PIPE)
    time.sleep(0.5)
    for _ in range(5):
        case.check(case.run(timeout=10), "42\n")
    result = case.finish(stopped)
    case.check(result, "".join("%d\n" % i for i in range(20000)) + "42\n")
