EXPECTED = """1 1 1 1
-1 100 1 1
1 101 2 2
1
child: 1 102
child: 1 1 1
101
"""


def run(case):
    include, library = case.build + "/include", case.build + "/lib"
    case.crashes = True
    case.compile("program.c", "program", "-I" + include, "./plugin.so", "-L" + library, "-Wl,-rpath," + library,
                 "-Wl,-rpath,.", "-lcoil", link=False)
    case.check(case.run(program=case.path("program")), EXPECTED, "~ .*crash.*died while it ran this call.*")
