def run(case):
    include, library = case.build + "/include", case.build + "/lib"
    case.compile("program.c", "program", "-I" + include, "./plugin.so", "-L" + library, "-Wl,-rpath," + library, "-Wl,-rpath,.",
                 "-lcoil", link=False)
    remote = ["remote"] if case.mode == "daemon" else []
    for how in ("restart", "interrupt"):
        result = case.run(how, *remote, program=case.path("program"), timeout=60)
        case.check(result, "0 wrong, alarms came\nthe handler is as it was\n", None)
        if case.mode == "daemon":
            case.coilctl("stop")  # the next one attaches under signals, too
