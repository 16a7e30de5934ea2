def run(case):
    case.check(case.run(case.path("a-" + case.mode), "before"), "2: 1 1, 1 1, 0\n")
    if case.mode == "daemon":
        case.coilctl("stop")
        case.wait_for(lambda: not case.daemons(), "the daemon has gone")
    case.check(case.run(case.path("b-" + case.mode), "after"), "2: 0 1, 0 1, 0\n")
    case.check(case.run(case.path("c-" + case.mode), "after"), "2: 0 1, 0 1, 0\n")
