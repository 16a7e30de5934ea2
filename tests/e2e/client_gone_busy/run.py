"""Handlers whose program is killed are told, whatever they do; one-way calls are carried out all the same."""
import os
import time

LEFT = [("spins", "told\n"), ("sleeps", "told\n"), ("insists", "told\ntold\n"), ("counts", "done\n")]


def text(path):
    return open(path).read() if os.path.exists(path) else ""


def run(case):
    first = case.popen("idle", case.path("first"))  # a program that stays, so that the worker does
    case.equal(first.stdout.readline(), b"1\n", "the first call")
    case.wait_for(lambda: text(case.path("first")) == "done\n", "the first one-way call")
    worker = case.worker()
    threads = len(os.listdir("/proc/%d/task" % worker))
    programs = [(case.popen(how, case.path(how)), how) for how, _ in LEFT]
    for process, how in programs:
        case.equal(process.stdout.readline(), b"1\n", how)
    time.sleep(0.2)
    for process, how in programs:
        case.equal(text(case.path(how)), "", "%s: nothing has happened yet" % how)
        process.kill()
        case.finish(process)
    for how, word in LEFT:
        case.wait_for(lambda: text(case.path(how)) == word, "%s: %r" % (how, word))
    case.wait_for(lambda: len(os.listdir("/proc/%d/task" % worker)) <= threads, "the worker's threads are back")
    case.equal(case.worker(), worker, "the worker's pid")
    log = text(os.path.join(case.run_folder, "coild.log"))
    for how in ["spins", "sleeps", "insists"]:
        assert "plugin.%s() has lost its program: coil.ClientGone is raised in it" % how in log, log
    assert "plugin.counts() has lost" not in log, log
    first.kill()
    case.finish(first)
