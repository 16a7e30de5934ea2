"""setuid() after the first call: calls go on, from new threads, too; what is out of reach from then on is an error."""
import os

import case as support


def run(case):
    if os.geteuid() != 0:
        raise support.Skip("only root can become somebody else")
    include, library = case.build + "/include", case.build + "/lib"
    case.compile("program.c", "program", "-I" + include, "./plugin.so", "-L" + library, "-Wl,-rpath," + library, "-Wl,-rpath,.",
                 "-lcoil", link=False)
    more, expected = ([], "") if case.mode == "inprocess" else (["later"], "-1\n-1 1\n")
    result = case.run(*more, program=case.path("program"))
    case.check(result, "42\n42\na thread, too\n" + expected, None)
    case.expect(case.mode == "inprocess" or "coil: plugin.add(): " in result.stderr, "no reason: " + result.stderr)
