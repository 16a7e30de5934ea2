import case as support

EXPECTED = """\
first call: 0, no memory
first call: 42, ok
small: 43, ok
large: 2, no memory
coil_alloc: NULL, 1
small: 44, ok
large: 4, ok
large: 44, ok
coil_alloc: 1, ok
a thread: 42, ok
"""


def run(case):
    if case.sanitize:
        raise support.Skip("a sanitizer needs terabytes of addresses")
    include, library = case.build + "/include", case.build + "/lib"
    case.compile("program.c", "program", "-I" + include, "./plugin.so", "-L" + library, "-Wl,-rpath," + library, "-Wl,-rpath,.",
                 "-lcoil", link=False)
    for _ in range(2):
        result = case.run(program=case.path("program"))
        case.check(result, EXPECTED, "~ coil: plugin\\.add\\(\\): .*[Mm]emory.*\n~ coil: plugin\\.twice\\(\\): .*memory.*\n")
