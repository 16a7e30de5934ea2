import os


def text(path):
    return open(path).read() if os.path.exists(path) else ""


def run(case):
    told = "first\nfailing\nlast True True\nand nobody there: coil.cwd(): the program has ended\n"
    for how in ["return", "kill", "_exit", "exec"]:
        path = case.path("%s-%s" % (case.mode, how))
        case.check(case.run(how, path), "1\n", "", -9 if how == "kill" else 0)
        if case.mode == "daemon":
            case.wait_for(lambda: text(path) == told, "%s: what is told when the program has gone: %r" % (how, text(path)))
        else:
            case.equal(text(path), "", "where Python is in the program, nothing is told")
    if case.mode == "inprocess":
        return
    log = "\n".join(case.log_tail(1000))
    case.matches(log, "printed by on_close", "log")
    case.matches(log, "ValueError: in on_close", "log")

    # What takes long holds up nobody, and leaves nothing behind.
    before = int(case.run("count", "x").stdout)
    for _ in range(5):
        case.check(case.run("slow", "x"))
    case.check(case.run("return", case.path("again")), "1\n")
    case.wait_for(lambda: text(case.path("again")) == told, "told while others are slow")
    case.wait_for(lambda: int(case.run("count", "x").stdout) <= before, "fds of the worker", 15)
