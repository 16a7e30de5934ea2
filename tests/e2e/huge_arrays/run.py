"""Only with the daemon: in-process nothing is copied, and a wrong length is the handler's affair."""
PATTERN = r"~ coil: plugin\.look\(\): .* bytes .*; the call returned its error value" + "\n"


def run(case):
    include, library = case.build + "/include", case.build + "/lib"
    case.compile("program.c", "program", "-I" + include, "./plugin.so", "-L" + library, "-Wl,-rpath," + library, "-Wl,-rpath,.",
                 "-lcoil", link=False)
    case.check(case.run(program=case.path("program")), "8\n" + 5 * "-9 1 1\n" + "4\n", 5 * PATTERN)
