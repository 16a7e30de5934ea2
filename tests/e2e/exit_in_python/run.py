"""A program ends in every way while its threads are in Python in every way: it does end, as it wanted to."""


def run(case):
    for what in ("compute", "rest", "hold", "threads"):
        for how in ("return", "exit", "_exit", "pthread_exit"):
            result = case.run(how, what, timeout=20)
            case.check(result, "" if how == "_exit" else "at exit 42\n", "", 3)
        if case.mode == "daemon":  # the next ones get a Python where nobody computes for ever
            case.kill(case.worker())
            case.wait_for(lambda: not case.workers(), "the worker has gone")
