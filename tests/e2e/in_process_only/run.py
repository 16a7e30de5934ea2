"""--in-process-only lets everything through; with the daemon such a library says so and does nothing."""
import os

REFUSED = r"~ coil: plugin\.add\(\): .*--in-process-only, and mean\(\) .*COIL_MODE=inprocess.*"


def make(case, name, program, *options):
    """The library of the folder `name`, in a folder of its own, and the program that uses it."""
    folder = "%s-%s" % (name, case.mode)
    include, library = case.build + "/include", case.build + "/lib"
    os.mkdir(case.path(folder))
    case.stubgen(*options, case.path(name, "plugin.h"), "--module", "plugin", "--init", case.path(name, "init.py"), "-o",
                 case.path(folder))
    case.compile(program + ".c", program + ".out", "-I" + name, "-I" + include, "./%s/plugin.so" % folder, "-L" + library,
                 "-Wl,-rpath," + library, "-Wl,-rpath,.", "-lcoil", link=False)
    return case.path(program + ".out")


def run(case):
    refused = case.stubgen("own/plugin.h", "--module", "plugin", "--init", "own/init.py", "-o", ".", check=False)
    case.equal(refused.status, 1, "status without --in-process-only")
    case.matches(refused.stderr, "'v' is a pointer next to an integer", "stderr without --in-process-only")

    result = case.run(program=make(case, "own", "program", "--in-process-only"))
    if case.mode == "inprocess":
        case.check(result, "42 0\n3 9 3 2\none\ntwo\n2\n")
    else:
        case.check(result, "0 6\n", REFUSED)
        case.equal(case.daemons(), [], "daemons")

    # Where everything crosses, the option changes nothing.
    case.check(case.run(program=make(case, "plain", "plain", "--in-process-only")), "42\n")
