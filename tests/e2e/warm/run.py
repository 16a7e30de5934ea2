"""The interpreter stays warm when no program is connected: module state goes on. In-process, each program has its own."""


def run(case):
    case.check(case.run(), "init\n1\n")
    for number in range(2, 5):
        case.check(case.run(), "%d\n" % number if case.mode == "daemon" else "init\n1\n")
    if case.mode == "daemon":
        status = case.coilctl("status")
        case.equal(status.status, 0, "status of coilctl status")
        case.matches(status.stdout, r"plugin|worker", "coilctl status")
        worker = case.worker()
        case.equal(case.coilctl("stop").status, 0, "status of coilctl stop")
        case.wait_for(lambda: worker not in case.workers() and not case.daemons(), "everything has ended")
        stopped = case.coilctl("status")
        case.expect(stopped.status != 0, "coilctl status succeeds without a daemon: " + stopped.stdout)
        case.check(case.run(), "init\n1\n")
