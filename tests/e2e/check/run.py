import glob
import os


def run(case):
    checked = {"COIL_CHECK": "1"}
    case.crashes = True
    case.check(case.run("work", timeout=60), "1401\n")
    case.check(case.run("work", env=checked, timeout=60), "1401\n")
    case.check(case.run("keep"), "41 lived\n2\n")
    if case.mode == "inprocess":  # it is the program's own memory
        case.check(case.run("keep", env=checked), "41 lived\n2\n")
        return
    case.check(case.run("keep", env=checked), "41 died\n2\n", "~ coil: plugin\\.use_kept\\(\\): .*died while it ran this call.*")
    log = "".join(open(path, errors="replace").read() for path in glob.glob(os.path.join(case.run_folder, "*.log")))
    case.matches(log, r"lent to it for a call of plugin\.keep\(\), which has ended", "the log")
