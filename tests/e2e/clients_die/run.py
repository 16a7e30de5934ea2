"""Programs are killed wherever they are: in calls, in callbacks, with a session that Python keeps, with one-way calls queued,
with memory that Python points to, while they attach.  Daemon and worker come back to what they had before."""
import os
import random
import time

PROGRAMS = 10


def threads(pid):
    return len(os.listdir("/proc/%d/task" % pid))


def mappings(pid):
    with open("/proc/%d/maps" % pid) as file:
        return sum("memfd:" in line for line in file)


def memory_kib(pid):
    with open("/proc/%d/status" % pid) as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(("RssAnon:", "RssShmem:")))


def sessions(case):
    return sum("session:" in line for line in case.coilctl("status").stdout.splitlines())


def kill_some(case, how):
    processes = [case.popen(how) for _ in range(PROGRAMS)]
    if how == "attach":
        for process in processes:
            time.sleep(random.random() * 0.01)
            process.kill()
    else:
        for process in processes:
            case.equal(process.stdout.readline(), b"ready\n", how)
        for process in processes:
            process.kill()
    for process in processes:
        case.finish(process)


def run(case):
    ways = ["call", "callback", "session", "oneway", "memory", "attach"]
    case.check(case.run("seen"), "0\n")
    worker, daemon = case.worker(), case.daemons()[0]
    for how in ways:  # what is made once and stays
        kill_some(case, how)
    case.wait_for(lambda: sessions(case) == 0, "no session is left")
    case.wait_for(lambda: threads(worker) < 12, "the worker's threads have ended: %d" % threads(worker), 20)
    time.sleep(0.3)
    before = (threads(worker), case.fds(worker), case.fds(daemon), mappings(worker))
    memory = memory_kib(worker), memory_kib(daemon)
    rounds = 2 * case.scale
    for _ in range(rounds):
        for how in ways:
            kill_some(case, how)
            case.wait_for(lambda: sessions(case) == 0, "%s: no session is left" % how)
            case.wait_for(lambda: all(now <= then for now, then in zip(
                (threads(worker), case.fds(worker), case.fds(daemon), mappings(worker)), before)),
                "%s: threads, the worker's fds, the daemon's, shared memory: %r; it was %r" % (
                    how, (threads(worker), case.fds(worker), case.fds(daemon), mappings(worker)), before), 20)
    grown = memory_kib(worker) - memory[0], memory_kib(daemon) - memory[1]
    case.expect(case.sanitize or (grown[0] < 6000 and grown[1] < 2000), "memory has grown by %d and %d KiB" % grown)
    case.equal(case.worker(), worker, "the worker's pid")
    wanted = PROGRAMS * (1 + rounds)
    # callbacks, whose program can still be named; threads with a session; on_close
    case.note("%d programs killed; memory has grown by %d and %d KiB" % (
        len(ways) * PROGRAMS * (1 + rounds), *grown))
    case.wait_for(lambda: case.run("seen").stdout == "%d\n" % (wanted * 1000000 + wanted * 10000 + wanted * 100 + wanted),
                  "Python has been told of all of them: %s" % case.run("seen").stdout)
