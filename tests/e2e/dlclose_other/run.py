"""A stub library is unloaded while threads are in calls of another one, and of a second copy of it."""
import shutil


def run(case):
    case.compile("main.c", "loader", "-ldl", link=False)
    shutil.copy(case.path("one.so"), case.path("copy.so"))
    for _ in range(2):
        case.check(case.run("./one.so", "./two.so", "./copy.so", program=case.path("loader")), "0 wrong\n")
