"""The reader of the program's stdout goes away: what Python prints is lost, and harms neither the program nor the worker."""


def run(case):
    case.check(case.run(), "".join("line %d\n" % line for line in range(5000)), "5000")
    worker = case.worker() if case.mode == "daemon" else None
    for arguments in ([], ["ignore"]):
        process = case.popen(*arguments)
        process.stdout.close()
        process.stdout = None
        result = case.finish(process)
        case.equal(result.status, 0, "status")
        case.equal(result.stderr, "5000\n", "stderr")
    if worker:
        case.equal(case.worker(), worker, "the worker's pid")
    case.check(case.run(), "".join("line %d\n" % line for line in range(5000)), "5000")
