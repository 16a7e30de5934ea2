"""Threads that are cancelled in calls give their channels back."""


def run(case):
    case.check(case.run(), "42\n42\n")
    # While the program waits for its input, its channels can be counted.
    process = case.popen("wait", stdin=-1)
    case.equal(process.stdout.readline(), b"42\n", "first line")
    case.equal(process.stdout.readline(), b"42\n", "second line")
    report = case.coilctl("status").stdout
    channels = max(int(line.rsplit("channels", 1)[1].split(",")[0]) for line in report.splitlines() if "session:" in line)
    case.expect(channels <= 8, "the program has %d channels:\n%s" % (channels, report))
    process.stdin.close()
    process.stdin = None
    case.check(case.finish(process), "")
