"""Programs are killed in the middle of calls: their handlers end, nothing of them stays, others go on."""
import os


def run(case):
    case.check(case.run(), "42\n")
    worker, daemon = case.worker(), case.daemons()[0]
    fds, threads = case.fds(daemon), len(os.listdir("/proc/%d/task" % worker))
    worker_fds = case.fds(worker)
    processes = [case.popen(1500) for _ in range(20)]
    for process in processes:
        case.equal(process.stdout.readline(), b"begun\n", "first line")
    for process in processes:
        process.kill()
    for process in processes:
        case.finish(process)
    case.check(case.run(), "42\n")
    case.equal(case.worker(), worker, "the worker's pid")
    case.wait_for(lambda: len(os.listdir("/proc/%d/task" % worker)) <= threads, "the worker's threads are back at %d" % threads)
    case.wait_for(lambda: case.fds(daemon) <= fds and case.fds(worker) <= worker_fds,
                  "fds of coild and worker are back at %d and %d" % (fds, worker_fds))
    case.check(case.run(), "42\n")
