"""Workers that crash as soon as they start: a few are tried, then callers fail at once.  Other environments do not notice."""
import os
import time


def run(case):
    case.crashes = True
    folder = case.path("site")
    os.mkdir(folder)
    with open(os.path.join(folder, "sitecustomize.py"), "w") as file:
        file.write("import ctypes\nctypes.string_at(8)\n")
    crashing = {"PYTHONPATH": folder}
    case.check(case.run(), "42\n")
    begin = time.monotonic()
    result = case.run(5, env=crashing)
    how = "exit status" if case.sanitize else "signal 11"  # the sanitizer reports the signal and exits
    case.check(result, "0\n" * 5, "~ .*died before Python had started: %s.*\n" % how * 5)
    case.expect(time.monotonic() - begin < 5 * case.slow, "callers wait too long")
    begin = time.monotonic()
    result = case.run(50, env=crashing)
    case.check(result, "0\n" * 50, "~ .*5 Python workers crashed one after the other .*until coilctl reload.*coild.log.*\n" * 50)
    case.expect(time.monotonic() - begin < 1 * case.slow, "callers do not fail at once")
    case.check(case.run(), "42\n")
