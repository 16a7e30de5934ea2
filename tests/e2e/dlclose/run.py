"""The stub library is unloaded and loaded again."""


def run(case):
    case.compile("main.c", "loader", "-ldl", link=False)
    for _ in range(2):
        case.check(case.run("./plugin.so", program=case.path("loader")), "40\n42\n41\n42\n42\n42\n")
