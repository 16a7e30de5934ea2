def run(case):
    include, library = case.build + "/include", case.build + "/lib"
    case.compile("program.c", "program", "-I" + include, "./plugin.so", "-L" + library, "-Wl,-rpath," + library, "-Wl,-rpath,.",
                 "-lcoil", link=False)
    # The first time it is the daemon's start that lacks fds, the second time the conversation with it.
    for _ in range(2):
        case.check(case.run(program=case.path("program")), "failed, 0 silent, 0 other\n42\n", None)
    case.check(case.run("later", program=case.path("program"), timeout=15),
               "failed, 0 silent, 0 other\n42\n3\na thread: works\n-1 1\n-1 1\n42 1\n", None)
