"""COIL_MODE with a value that means nothing: a message with the values there are, and the error value."""


def run(case):
    result = case.run(env={"COIL_MODE": "in-process"})
    case.check(result, "0\n", None)
    for word in ("COIL_MODE", "in-process", "daemon", "inprocess"):
        case.expect(word in result.stderr, "stderr does not say %r: %s" % (word, result.stderr))
    case.wait_for(lambda: not case.daemons(), "no daemon stays")
    case.check(case.run(env={"COIL_MODE": None}), "42\n")
