def run(case):
    include, library = case.build + "/include", case.build + "/lib"
    case.compile("program.c", "program", "-I" + include, "./plugin.so", "-L" + library, "-Wl,-rpath," + library, "-Wl,-rpath,.",
                 "-lcoil", link=False)
    for _ in range(2):
        case.check(case.run(program=case.path("program")), "0 bad\n")
