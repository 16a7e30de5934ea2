"""Edit, run, see the change: the next program gets the edited files, however they were edited; what is installed is not watched."""
import os
import shutil
import subprocess
import time


def run(case):
    release = case.path("release-" + case.mode)
    code, packages = os.path.join(release, "code"), os.path.join(release, "site-packages")
    link = case.path("current-" + case.mode)
    for folder in (code, packages, os.path.join(code, "package")):
        os.makedirs(folder)
    os.symlink(release, link)
    case.env["PYTHONPATH"] = "%s/code:%s" % (link, packages)

    # Files of one size, all within a second: __pycache__ must not be trusted with that.
    case.env["PYTHONDONTWRITEBYTECODE"] = "1"

    def write(path, value):
        with open(path, "w") as file:
            file.write("VALUE = %d\n" % value)

    def rename(path, value):
        write(path + ".new", value)
        os.rename(path + ".new", path)

    def expect(now, later, installed, what):
        result = case.run()
        case.check(result, None, "")
        case.equal(result.stdout, "%d %d %d\n" % (now, later, installed), what)

    early, late = os.path.join(code, "early.py"), os.path.join(code, "late.py")
    inner, installed = os.path.join(code, "package", "inner.py"), os.path.join(packages, "installed.py")
    write(early, 10)
    write(inner, 1)
    write(late, 5)
    write(installed, 7)
    write(os.path.join(code, "package", "__init__.py"), 0)
    expect(11, 5, 7, "at first")
    expect(11, 5, 7, "without a change")

    stays = case.popen("stay", stdin=subprocess.PIPE)
    case.equal(stays.stdout.readline(), b"11 5 7\n", "the program that stays")

    # At once after the edit, many times over: no change may be missed.
    for value in range(20, 40, 2):
        write(early, value)
        expect(value + 1, 5, 7, "rewritten")
    for value in range(40, 60, 2):
        rename(inner, value)
        expect(38 + value, 5, 7, "renamed")
    time.sleep(0.3)  # what is imported late is watched a moment later
    write(late, 6)
    expect(96, 6, 7, "imported late")
    stays.stdin.write(b"\n")
    stays.stdin.flush()
    case.equal(stays.stdout.readline(), b"11 5 7\n", "the program that stays")

    # The link to all of it leads elsewhere.
    other = case.path("other-" + case.mode)
    shutil.copytree(release, other)
    write(os.path.join(other, "code", "early.py"), 100)
    os.symlink(other, link + ".new")
    os.rename(link + ".new", link)
    expect(158, 6, 7, "another release")

    if case.mode == "daemon":
        # What is installed is not edited, and what nobody has imported does not matter.
        time.sleep(0.1)
        expect(158, 6, 7, "nothing was written")  # what was written just before may count as an edit once more
        worker = set(case.workers())
        write(installed, 8)
        write(os.path.join(other, "code", "unused.py"), 1)
        os.utime(installed)
        expect(158, 6, 7, "something else was written")
        case.expect(set(case.workers()) <= worker, "another worker runs, although nothing was edited")
        write(early, 1)  # of the other release: not ours any more
        expect(158, 6, 7, "something else was written")
        with open(case.socket.replace(".sock", ".log")) as file:
            case.matches(file.read(), r"takes no more programs: \S*early.py has changed", "the log")
    stays.stdin.close()
    stays.stdin = None
    case.equal(case.finish(stays).status, 0, "status of the program that stays")
    if case.mode == "daemon":
        case.worker()  # those with the old code have left with their programs
