"""150 program starts in a row: no hang, one init, one worker, and the daemon keeps no fds or mappings of programs that are gone."""


def maps(pid):
    with open("/proc/%d/maps" % pid) as file:
        return len(file.readlines())


def run(case):
    starts = 150 * case.scale if case.mode == "daemon" else 20
    for number in range(starts):
        case.check(case.run(), "42 1\n")
        if case.mode == "daemon" and number == 20:
            worker, daemon = case.worker(), case.daemons()[0]
            before = case.fds(daemon), case.fds(worker), maps(worker)
    if case.mode == "daemon":
        case.equal(case.worker(), worker, "the worker's pid")
        case.wait_for(lambda: case.fds(daemon) <= before[0] and case.fds(worker) <= before[1],
                      "the fds of coild and of its worker are back at %d and %d" % before[:2])
        # A session that left one mapping behind would leave over a hundred; the allocator may make a few of its own.
        case.expect(maps(worker) <= before[2] + 40, "the worker's mappings grew from %d to %d" % (before[2], maps(worker)))
