"""A program that knows nothing of the stub library loads it with RTLD_LOCAL."""


def run(case):
    case.compile("main.c", "loader", "-ldl", link=False)
    for _ in range(2):
        case.check(case.run("./plugin.so", program=case.path("loader")), "42 4\n")
