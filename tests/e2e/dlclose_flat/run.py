"""Loading and unloading a stub library in a loop."""


def run(case):
    case.compile("main.c", "loader", "-ldl", link=False)
    for _ in range(2):
        case.check(case.run("./plugin.so", program=case.path("loader")), "0 wrong\nfds as before\n")
