import os
import subprocess

EXPECTED = """\
init code
count: 1 0
one worker: 1
NAME: %s
COIL_NO_SUCH: none
folder: /usr
anywhere: 1
one-way 7
count: 2
%sparent: 3
"""


def run(case):
    env = {"COIL_INTERPRETER": "private", "NAME": "one"}
    # A forked child is a program of its own; in-process it has what its parent had.
    child = "init code\nchild: 1\n" if case.mode == "daemon" else "child: 3\n"
    for name in ["one", "two"]:
        env["NAME"] = name
        case.check(case.run(env=env, cwd="/usr"), EXPECTED % (name, child))

    # Two at the same time do not share their state.
    first = case.popen("wait", env=env, stdin=subprocess.PIPE)
    case.equal([first.stdout.readline(), first.stdout.readline()], [b"init code\n", b"1\n"], "first")
    second = case.popen("wait", env=env, stdin=subprocess.PIPE)
    case.equal([second.stdout.readline(), second.stdout.readline()], [b"init code\n", b"1\n"], "second")
    if case.mode == "daemon":
        case.equal(len(set(case.workers()) - set(case.spares())), 2, "workers")
        case.matches(case.coilctl("status").stdout, "private, in", "status")
    for process in (first, second):
        process.stdin.write(b"x")
        process.stdin.close()
        process.stdin = None
        case.check(case.finish(process), "2\n")

    if case.mode == "daemon":
        # Gone with their programs, but not before what was to be done then has been done.
        case.wait_for(lambda: not set(case.workers()) - set(case.spares()), "the workers go")
        path = case.path("closed")
        case.check(case.run("close", path, env=env), "init code\n")
        case.wait_for(lambda: os.path.exists(path) and open(path).read() == "closed", "on_close in a private worker")
        case.check(case.run("die", env=env), "init code\n1\ninit code\nfresh: 1\n")
        case.wait_for(lambda: not set(case.workers()) - set(case.spares()), "the workers go")
        # A folder that is no longer there.
        os.mkdir(case.path("folder"))
        script = 'cd %s && rmdir %s && exec %s wait' % (case.path("folder"), case.path("folder"), case.program)
        process = case.popen("-c", script, program="/bin/sh", env=env, stdin=subprocess.DEVNULL)
        case.check(case.finish(process), "init code\n1\n2\n", None)
        # Shared ones are shared.
        for expected in (1, 2):
            process = case.popen("wait", env={"COIL_INTERPRETER": "shared"}, stdin=subprocess.DEVNULL)
            case.equal(case.finish(process).stdout.split("\n")[-3:-1], [str(2 * expected - 1), str(2 * expected)], "shared")

    result = case.run("wait", env={"COIL_INTERPRETER": "own"})
    case.matches(result.stderr, "COIL_INTERPRETER is 'own': set it to 'shared' or 'private', or not at all", "stderr")
