"""COIL_PYTHON names a Python of another version: a message that names both, and the error value."""
import os
import shutil
import subprocess


def run(case):
    ours = subprocess.run(["/usr/bin/python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
                          stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    folder = case.path("other-" + case.mode)
    # One that says so by its name, one by its library, one through links.
    for name, library in (("python3.99", None), ("python3", "python3.98")):
        os.makedirs(os.path.join(folder, name, "bin"))
        shutil.copy("/bin/true", os.path.join(folder, name, "bin", name))
        if library:
            os.makedirs(os.path.join(folder, name, "lib", library))
            open(os.path.join(folder, name, "lib", library, "os.py"), "w").close()
    os.symlink(os.path.join(folder, "python3.99", "bin", "python3.99"), os.path.join(folder, "python"))
    for path, version in (("python3.99/bin/python3.99", "3.99"), ("python3/bin/python3", "3.98"), ("python", "3.99")):
        path = os.path.join(folder, path)
        result = case.run(env={"COIL_PYTHON": path})
        case.check(result, "0\n0\n", None)
        case.matches(result.stderr, r"COIL_PYTHON is '%s', which is Python %s, but coil was built for Python %s" % (
            path, version, ours), "stderr")
    # One that says nothing is taken for what it may be; and the right one is right by any name.
    for path in ("/usr/bin/python3", "/usr/bin/python" + ours):
        case.check(case.run(env={"COIL_PYTHON": path}), "42\n3\n")
