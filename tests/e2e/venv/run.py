"""Virtual environments: by COIL_PYTHON, or by an activated one that stands first in PATH; each has a worker of its own."""
import glob
import os
import subprocess


def run(case):
    venv = case.path("environment")
    if not os.path.isdir(venv):
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", "--system-site-packages", venv], check=True)
        packages = glob.glob(os.path.join(venv, "lib", "python3*", "site-packages"))[0]
        with open(os.path.join(packages, "only_in_the_venv.py"), "w") as file:
            file.write("VALUE = 'found'\n")
    plain = "usr False\nno such module\n"
    inside = "environment True\nfound\n"
    case.check(case.run(), plain)
    case.check(case.run(env={"COIL_PYTHON": os.path.join(venv, "bin", "python3")}), inside)
    case.check(case.run(env={"PATH": os.path.join(venv, "bin") + ":/usr/bin:/bin"}), inside)
    case.check(case.run(), plain)
    if case.mode == "daemon":
        case.equal(len(case.workers()), 2, "workers")
