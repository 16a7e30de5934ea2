"""Programs that all start the daemon at the same moment end up with one daemon and one worker."""


def run(case):
    processes = [case.popen() for _ in range(20)]
    for process in processes:
        case.check(case.finish(process), "42 1\n")
    if case.mode == "daemon":
        case.equal(len(case.daemons()), 1, "daemons")
        case.equal(len(case.workers()), 1, "workers")
