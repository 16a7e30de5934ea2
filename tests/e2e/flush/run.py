EXPECTED = """\
nothing yet: 0
say 1
once: 0
twice: 0
slept
say 2
slow: 0, waited 1
a failure is told, not lost: 0 0
another thread: 0
say 7
its own: 0
slept
mine: 0
before 3
say 3
after 3 0
within a call: 0
"""
DEATH = """\
say 4
lost: -1
1, says which: 1
and then: 0 0
say 5
at last: 0
"""


def run(case):
    include, library = case.build + "/include", case.build + "/lib"
    case.compile("program.c", "program", "-I" + include, "./plugin.so", "-L" + library, "-Wl,-rpath," + library,
                 "-Wl,-rpath,.", "-lcoil", link=False)
    died = "coil: plugin.slow(): the one-way call was under way when the Python worker died\n"
    for _ in range(2):
        result = case.run("death", program=case.path("program")) if case.mode == "daemon" else case.run(
            program=case.path("program"))
        wanted = EXPECTED + DEATH
        if case.mode == "inprocess":  # one-way calls are carried out at once
            wanted = EXPECTED.replace("another thread: 0\nsay 7\nits own: 0\nslept\n",
                                      "slept\nanother thread: 0\nsay 7\nits own: 0\n")
        case.check(result, wanted, "~ From callback <function fail at .*>:\n...\nValueError: failed\n" +
                   (died if case.mode == "daemon" else ""))
