import time


def run(case):
    env = {"MINE": "yes"}
    for _ in range(2):
        case.check(case.run(env=env), case.text("expected.stdout"), "and complains\n")
    if case.mode == "daemon":
        # Only the module that needs it has a Python of its own, which has gone with its program.
        case.wait_for(lambda: len(set(case.workers()) - set(case.spares())) == 1, "the private workers go")
        log = "\n".join(case.log_tail(1000))
        case.equal(log.count("starts, Python") - log.count(", a spare") + log.count("is a program's now"), 3, "workers")
        case.expect("NeedsProgram" not in log, "nothing is said about it")
