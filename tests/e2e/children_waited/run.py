def run(case):
    for how in ("handle", "ignore"):
        case.check(case.run(how), "42\n0 signals, 0 children\n5, 1 signals\n")
        if case.mode == "daemon":
            case.coilctl("stop")  # so that the next one starts it, too
            case.wait_for(lambda: not case.daemons(), "the daemon has gone")
