OPENED = "opened by the program 21\nsecond 6\n"


def run(case):
    for i, name in enumerate(["one", "two", "three"]):
        # Every program is told, the one that has run the init code, too; others have gone by then, but not from the dict.
        init = "init code\n" if i == 0 or case.mode == "inprocess" else ""
        programs = i + 1 if case.mode == "daemon" else 1
        case.check(case.run(name), init + OPENED + "mine: 1111\nprograms: %d, 8\n" % programs)

    # An exception is that program's alone.
    case.check(case.run("good", "x"), "", "", 0)
    case.check(case.run("bad", "x"), "", "...\n~ .*not you.*\n...\n~ .*failing.*\n", 3)
    case.check(case.run("good", "x"), "", "", 0)

    # Its init code runs once for all programs, so it cannot use lib, as long as there may be several.
    advice = "...\n~ RuntimeError: lib.in_init\\(\\): the init code of a module that uses @coil.on_open .* use it in the function .*\n...\n~ .*wrong.*\n"
    case.check(case.run("good", "init"), "", advice, 3)
    case.check(case.run("good", "init", env={"COIL_INTERPRETER": "private"}), "", "", 0)
