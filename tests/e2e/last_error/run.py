def run(case):
    include, library = case.build + "/include", case.build + "/lib"
    case.compile("program.c", "program", "-I" + include, "./plugin.so", "-L" + library, "-Wl,-rpath," + library, "-Wl,-rpath,.",
                 "-lcoil", link=False)
    for _ in range(2):
        result = case.run(program=case.path("program"))
        case.check(result, "1\n1 1\n0 0\n1\n1\n1\n", None)
