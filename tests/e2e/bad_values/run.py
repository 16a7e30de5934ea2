"""Variables of coil's with values that mean nothing: a message that names them and says what there is."""


def run(case):
    case.check(case.run(), "42\n")
    for name, values in (("COIL_AUTOSTART", ("0", "1")), ("COIL_ON_ERROR", ("return", "abort")), ("COIL_CHECK", ("0", "1")),
                         ("COIL_MODE", ("daemon", "inprocess")), ("COIL_INTERPRETER", ("shared", "private"))):
        for value in ("nonsense", "ABORT", "0 ", "yes"):
            result = case.run(env={name: value})
            case.check(result, "0\n", "coil: plugin.add(): %s is '%s': set it to '%s' or '%s', or not at all; "
                       "the call returned its error value\n" % ((name, value) + values))
        for value in ("",) if name == "COIL_MODE" and case.mode == "inprocess" else ("", values[0]):
            if name != "COIL_MODE":
                case.check(case.run(env={name: value}), "42\n")
