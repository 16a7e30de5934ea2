"""Workers that crash as soon as they start: a few are tried, then callers fail at once.  Other environments do not notice.
A reload is a new beginning, and one call that was served lets the count begin anew."""
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
    # Cured, but nobody asks whether it is: a reload does.
    good = "open(%r, 'a').close()\n" % case.path("started")
    bad = "import ctypes, os\nif os.path.exists(%r): ctypes.string_at(8)\n" % case.path("crashes")
    with open(os.path.join(folder, "sitecustomize.py"), "w") as file:
        file.write(good + bad)
    case.check(case.run(env=crashing), "0\n", "~ .*until coilctl reload.*\n")
    case.expect(not os.path.exists(case.path("started")), "a worker has been started before the reload")
    case.equal(case.coilctl("reload").status, 0, "coilctl reload")
    for _ in range(3):
        before = set(case.workers())
        case.check(case.run(env=crashing), "42\n")
        served = set(case.workers()) - before
        case.equal(len(served), 1, "new workers")
        open(case.path("crashes"), "w").close()
        case.kill(served.pop())
        case.check(case.run(2, env=crashing), "0\n" * 2, "~ .*died before Python had started.*\n" * 2)
        os.remove(case.path("crashes"))
