"""A private worker that was started before its program: nobody can tell it from a fresh one, and it is not used if one could."""
import os
import re
import subprocess
import time


def await_spare(case, but=None):
    return case.wait_for(lambda: [pid for pid in case.spares("ready,") if pid != but], "a spare")[0]


def run_one(case, *looks, env=None, cwd=None):
    """Its worker, how long the first call took, and what it has looked at."""
    result = case.run(*looks, env={"COIL_INTERPRETER": "private", **(env or {})}, cwd=cwd or case.work)
    case.check(result, None, "")
    worker, ms, count, *seen = result.stdout.splitlines()
    case.equal(count, "1", "fresh state")
    return int(worker), float(ms), seen


def is_taken(case):
    """What was started with other variables, but those that count for nothing, is the next program's."""
    folder = case.path("elsewhere")
    os.mkdir(folder)
    cold = run_one(case, env={"_": "/one", "LINES": "1"})[1]
    warm = []
    for number in range(5):
        spare = await_spare(case)
        worker, ms, seen = run_one(case, "folder", "c", "python", "gone", env={"_": "/number/%d" % number}, cwd=folder)
        case.equal(worker, spare, "the worker")
        case.equal(seen, [folder, "/number/%d" % number, "/number/%d" % number, "none none"], "what it finds")
        warm.append(ms)
    case.note("first call with a private worker: %.0f ms; with a spare: %.0f ms (middle of %d)" % (
        cold, sorted(warm)[len(warm) // 2], len(warm)))
    # A folder that has gone.
    spare = await_spare(case)
    script = 'cd %s && rmdir %s && exec %s folder' % (folder, folder, case.program)
    result = case.finish(case.popen("-c", script, program="/bin/sh", env={"COIL_INTERPRETER": "private"}))
    case.equal(result.stdout.splitlines()[0::3], [str(spare), "/"], "the worker, and its folder")


def is_left(case):
    """Another variable, another Python path: a worker of its own, and a spare for the next one like it."""
    spare = await_spare(case)
    worker, _, seen = run_one(case, "name", env={"NAME": "other"})
    case.expect(worker != spare, "the spare has been used, although a variable differs")
    case.equal(seen, ["other"], "the variable")
    other = await_spare(case, but=spare)
    case.wait_for(lambda: spare not in case.workers(), "the old spare leaves")
    case.equal(run_one(case, "name", env={"NAME": "other"})[::2], (other, ["other"]), "the next one like it")


def is_stale(case):
    """Files that Python reads when it starts have changed since."""
    version = "python%s" % re.search(r"Python (\d+\.\d+)", subprocess.run(
        ["/usr/bin/python3", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout)[1]
    packages = case.path(".local", "lib", version, "site-packages")
    late = case.path("late")
    path = case.path("path")
    os.mkdir(late)
    os.mkdir(path)
    with open(os.path.join(late, "late_package.py"), "w") as file:
        file.write("VALUE = 7\n")
    env = {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}

    def check(what, looks, expected):
        spare = await_spare(case)
        what()
        worker, _, seen = run_one(case, *looks, env=env)
        case.expect(worker != spare, "the spare was used, although it would have started in another way")
        case.equal(seen, expected, "what the program finds")
        case.wait_for(lambda: spare not in case.workers(), "the spare leaves")

    def folder_comes():
        os.makedirs(packages)
        write(os.path.join(packages, "late.pth"), late + "\n")

    def write(path, text):
        with open(path, "w") as file:
            file.write(text)

    run_one(case, env=env)
    await_spare(case)
    check(folder_comes, ["package"], ["7"])
    time.sleep(0.05)
    check(lambda: write(os.path.join(packages, "late.pth"), late + "\nimport sys; sys.custom = 1\n"), ["custom"], ["1"])
    module = os.path.join(path, "usercustomize.py")
    check(lambda: write(module, "import sys\nsys.custom = 2\n"), ["custom"], ["2"])
    check(lambda: write(module, "import sys\nsys.custom = 3\n"), ["custom"], ["3"])
    # What is not read at the start is read when it is imported, as ever.
    spare = await_spare(case)
    write(os.path.join(path, "late_package.py"), "VALUE = 8\n")
    case.equal(run_one(case, "package", env=env)[::2], (spare, ["8"]), "a module that has come since")


def is_dead(case):
    spare = await_spare(case)
    case.kill(spare)
    case.expect(run_one(case)[0] != spare, "a dead worker")
    spare = await_spare(case)
    case.kill(spare, 19)  # stopped: whoever took it finds out when it is killed
    process = case.popen(env={"COIL_INTERPRETER": "private"})
    time.sleep(0.2 * case.slow)
    case.kill(spare)
    case.check(case.finish(process), None, "")
    spare = await_spare(case)
    case.equal(case.coilctl("reload").status, 0, "coilctl reload")
    case.wait_for(lambda: not case.workers(), "the spare leaves on a reload")


def is_not_wanted(case):
    daemon = case.start_daemon("--warm-workers", "0")
    run_one(case)
    time.sleep(0.3)
    case.wait_for(lambda: not case.workers(), "no worker is kept")
    case.stop_daemon(daemon)


def run(case):
    is_taken(case)
    is_left(case)
    is_stale(case)
    run_one(case)
    is_dead(case)
    case.equal(case.coilctl("stop").status, 0, "coilctl stop")
    is_not_wanted(case)
