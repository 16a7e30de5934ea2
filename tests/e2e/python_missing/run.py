"""COIL_PYTHON names no Python: a message that says which, and the error value; never silently another Python."""


def run(case):
    for path in ("/no/such/python3", case.path("main.c")):
        result = case.run(env={"COIL_PYTHON": path})
        case.check(result, "0\n0\n", None)
        case.matches(result.stderr, path, "stderr")
        case.matches(result.stderr, r"\badd\b", "stderr")
    case.check(case.run(), "42\n3\n")
