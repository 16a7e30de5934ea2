"""Programs at the same time, each with the Python it would have in its own process: by PYTHONPATH, COIL_PYTHON, the build of its module."""
import os
import shutil
import subprocess


class Program:
    def __init__(self, case, env=None, program=None):
        self.case = case
        self.process = case.popen(stdin=subprocess.PIPE, env=env, program=program, cwd=program and os.path.dirname(program))
        self.found = self.answer()

    def answer(self):
        value, prefix, worker = self.process.stdout.readline().decode().split()
        return int(value), prefix, int(worker)

    def ask(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self):
        self.process.stdin.close()
        self.process.stdin = None
        self.case.check(self.case.finish(self.process), None, "")


def setting(case, value):
    folder = case.path("%s-settings-%d" % (case.mode, value))
    os.mkdir(folder)
    with open(os.path.join(folder, "settings.py"), "w") as file:
        file.write("VALUE = %d\n" % value)
    return {"PYTHONPATH": folder}


def venv(case, name):
    path = case.path(name)
    if not os.path.isdir(path):
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", "--system-site-packages", path], check=True)
    return {"COIL_PYTHON": os.path.join(path, "bin", "python3")}


def build(case, number):
    folder = case.path("%s-build-%d" % (case.mode, number))
    os.mkdir(folder)
    shutil.copy(case.program, folder)
    with open(case.path("build.py")) as file, open(os.path.join(folder, "build.py"), "w") as out:
        out.write(file.read().replace("10 + 1", "10 + %d" % number))
    case.tool([os.path.join(case.build, "bin", "coil-stubgen"), "build.py"], cwd=folder)
    return os.path.join(folder, "main")


def at_once(case, wanted):
    """All of them live at the same time, and each sees its own, twice."""
    programs = [(Program(case, **options), expected) for options, expected in wanted]
    for program, expected in programs + programs:
        got = program.ask()
        case.equal(got[:2], expected, "value and prefix")
        case.equal(got, program.found, "the same program later")
    if case.mode == "daemon":
        case.equal(len({program.found[2] for program, _ in programs}), len({str(expected) for _, expected in wanted}), "workers")
        case.equal(len(case.daemons()), 1, "daemons")
    for program, _ in programs:
        program.end()


def waiting(case):
    """No more than so many workers wait for programs; those that nobody has used for longest leave first, and all in time."""
    daemon = case.start_daemon("--warm-workers", "2", "--idle-timeout", "2")
    stays = Program(case)
    workers = []
    for value in (11, 12, 13, 14):
        program = Program(case, env=setting(case, value))
        workers.append(program.found[2])
        program.end()
        case.wait_for(lambda: len(case.workers()) <= 3, "no more than two wait")
    left = set(case.workers())
    case.expect(left <= {stays.found[2], workers[2], workers[3]}, "others than the last have stayed: %s of %s" % (left, workers))
    case.wait_for(lambda: case.workers() == [stays.found[2]], "those that nobody uses leave")
    case.equal(stays.ask(), stays.found, "the one that is used")
    stays.end()
    case.equal(case.finish(daemon).status, 0, "status of coild, which leaves as well")


def run(case):
    plain = (1, "usr")
    one, two = setting(case, 1), setting(case, 2)
    at_once(case, [({"env": one}, (11, "usr")), ({"env": two}, (21, "usr")), ({}, plain), ({"env": one}, (11, "usr"))])
    at_once(case, [({"env": venv(case, "first")}, (1, "first")), ({"env": venv(case, "second")}, (1, "second")), ({}, plain),
                   ({"env": {**venv(case, "first"), **two}}, (21, "first"))])
    at_once(case, [({"program": build(case, 3)}, (3, "usr")), ({"program": build(case, 4)}, (4, "usr")), ({}, plain)])
    if case.mode == "daemon":
        case.equal(case.coilctl("stop").status, 0, "coilctl stop")
        waiting(case)
