import os
import time


def arrived(path):
    try:
        with open(path) as file:
            return file.read().split()
    except OSError:
        return []


def run(case):
    # However the program ends, what it has queued arrives; if it ends in order, also what that prints.
    for how in ["return", "exit", "atexit", "thread", "pthread_exit", "_exit", "kill", "exec"]:
        path = case.path("%s-%s" % (case.mode, how))
        result = case.run(how, path, 30, 10)
        said = "said 30\n" if how not in ("_exit", "kill", "exec") or case.mode != "daemon" else ""
        case.check(result, said, "", -9 if how == "kill" else 0)
        case.wait_for(lambda: len(arrived(path)) == 30, "%s: all calls have arrived" % how)
        case.equal(arrived(path), [str(i) for i in range(30)], how)
        if said:  # it has waited for them
            case.expect(len(arrived(path)) == 30, how)

    # A program does not wait for ever; what is left is carried out for a while, and the rest is told to the log.
    if case.mode == "daemon":
        path = case.path("slow")
        begin = time.monotonic()
        case.check(case.run("return", path, 40, 400, timeout=30), "", "")
        took = time.monotonic() - begin
        case.expect(4.5 < took < 5 * case.slow + 3, "the program waits five seconds: %f" % took)
        case.wait_for(lambda: any("one-way calls were not carried out" in line for line in case.log_tail()), "the log", 15)
        case.expect(15 <= len(arrived(path)) < 40, "some are carried out: %d" % len(arrived(path)))
