def run(case):
    result = case.run()
    case.check(result, None, "coil: what one-way calls printed meanwhile is in the daemon's log (coilctl status names it)\n")
    lines = result.stdout.splitlines()
    kept = len(lines) - 4
    case.expect(100 < kept < 2000, "%d lines reach the program" % kept)
    case.equal(lines, ["line %d" % i for i in range(kept)] + ["back: 1", "line 0", "line 1", "done: 1"], "lines")
    log = [line.split(": ", 1)[1] for line in case.log_tail(5000)]
    case.equal([line for line in log if line.startswith("line ")], ["line %d" % i for i in range(kept, 2000)], "the log")
