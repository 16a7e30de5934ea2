"""A module that was rebuilt (same name, other content) runs as it is now, beside programs that still have the old one."""
import os
import shutil


def run(case):
    for number in (1, 2, 3):
        folder = case.path("%s-%d" % (case.mode, number))
        os.mkdir(folder)
        shutil.copy(case.program, folder)
        with open(case.path("build.py")) as file:
            script = file.read()
        with open(os.path.join(folder, "build.py"), "w") as file:
            file.write(script.replace("x + 1", "x + %d" % number))
        case.tool([os.path.join(case.build, "bin", "coil-stubgen"), "build.py"], cwd=folder)
        case.check(case.run(program=os.path.join(folder, "main"), cwd=folder), "%d\n" % (41 + number))
    old = case.path("%s-1" % case.mode)
    case.check(case.run(program=os.path.join(old, "main"), cwd=old), "42\n")
