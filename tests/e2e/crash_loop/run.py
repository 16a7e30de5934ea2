"""A function that always kills the worker, in any way, is refused after a while; it alone: a call that merely ran goes on."""
import os
import subprocess

WAYS = ("segfault", "abort", "os._exit", "exit", "stack overflow")


def run(case):
    case.crashes = True
    include = "-I" + os.path.join(case.build, "include")
    case.compile("program.c", "asks", include, os.path.join(case.build, "lib", "libcoil.so"),
                 "-Wl,-rpath," + os.path.join(case.build, "lib"))
    program = case.path("asks")
    for how, name in enumerate(WAYS):
        case.equal(case.coilctl("stop").status if case.daemons() else 0, 0, "coilctl stop")
        worker = case.popen("work", program=program, stdin=subprocess.PIPE)
        case.equal(worker.stdout.readline(), b"2\n", "first line")
        result = case.run("crash", how, program=program, timeout=60)
        case.check(result, "-11 died\n" * 5 + "-11 refused\n" * 3 + "7\n",
                   "~ .*crash.*died while it ran.*\n" * 5 + "~ .*plugin\\.crash\\(\\): it has killed.*refused until coilctl reload.*\n" * 3)
        case.check(case.run("once", how, program=program), "-11 refused\n", None)
        worker.stdin.write(b"go\n")
        worker.stdin.flush()
        case.equal(worker.stdout.readline(), b"4 soon\n", "while %s is refused" % name)
        worker.kill()
        errors = case.finish(worker).stderr
        case.expect("refused" not in errors, "linger() was refused, too:\n" + errors)
        with open(case.socket.replace(".sock", ".log")) as file:
            case.matches(file.read(), r"died in plugin\.crash\(\), called by program \d+\n", "the log after " + name)
