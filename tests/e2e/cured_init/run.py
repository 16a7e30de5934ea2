"""Init code that fails is cured by what cures it in one process: an installed package, a newer one, a fixed file."""
import os


def run(case):
    folder = case.path("python-" + case.mode)
    packages = os.path.join(folder, "site-packages")
    os.makedirs(packages)
    later = os.path.join(folder, "later")  # on sys.path, and not there yet
    case.env["PYTHONPATH"] = folder + ":" + packages + ":" + later
    case.env["PYTHONDONTWRITEBYTECODE"] = "1"

    def write(folder, name, text):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)

    def fails(words):
        case.check(case.run(), "0\n", "...\n~ .*%s.*\n..." % words)

    fails("No module named 'old_package'")
    fails("No module named 'old_package'")
    write(packages, "old_package.py", "import not_there_yet\n")
    fails("No module named 'not_there_yet'")
    os.mkdir(later)
    write(later, "not_there_yet.py", "")
    write(packages, "old_package.py", "")
    fails("No module named 'mine'")
    write(folder, "mine.py", "from old_package import VALUE as OTHER\nVALUE = OTHER ++ \n")
    fails("SyntaxError")
    # The package is in sys.modules of the interpreter that has failed, but it is of no use.
    write(folder, "mine.py", "from old_package import VALUE as OTHER\nVALUE = OTHER + 1\n")
    fails("cannot import name 'VALUE'")
    write(packages, "old_package.py", "VALUE = 20\n")
    case.check(case.run(), "41\n")
    case.check(case.run(), "41\n")
    if case.mode == "daemon":
        case.worker()  # no interpreter in which it had failed has stayed
