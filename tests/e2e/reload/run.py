"""coilctl reload and SIGHUP: new programs get new code, programs that are there go on; code that cannot run changes nothing."""
import os
import signal
import subprocess

BROKEN = "import no_such_module_anywhere\n"


def run(case):
    folder = case.path("site-packages")  # where files are not watched, so that a reload is needed
    os.mkdir(folder)
    case.env["PYTHONPATH"] = folder
    case.env["PYTHONDONTWRITEBYTECODE"] = "1"

    def write(text):
        with open(os.path.join(folder, "helper.py"), "w") as file:
            file.write(text)

    def returning(number):
        write("def answer(x):\n    return x + %d\n" % number)

    def ask(program=None):
        if not program:
            result = case.run()
            case.check(result, None, "")
            text = result.stdout
        else:
            program.stdin.write(b"\n")
            program.stdin.flush()
            text = program.stdout.readline().decode()
        answer, worker = text.split(" in ")
        return int(answer), int(worker)

    returning(10)
    case.equal(case.coilctl("reload").status, 1, "status of coilctl reload without a daemon")
    old = case.popen("stay", stdin=subprocess.PIPE)
    answer, first = map(int, old.stdout.readline().split(b" in "))
    case.equal(answer, 11, "first answer")

    # Code that cannot run: nothing changes, and it is said.
    write(BROKEN)
    reload = case.coilctl("reload")
    case.equal(reload.status, 1, "status of coilctl reload with broken code")
    case.matches(reload.stdout, r"generation 2 \(.*\) cannot take over from generation 1, which goes on: .*"
                 r"no_such_module_anywhere", "coilctl reload")
    case.matches(reload.stderr, r"coilctl: not all of it could be reloaded", "stderr of coilctl reload")
    case.equal(ask(old), (11, first), "the old program after a failed reload")
    case.equal(ask(), (11, first), "a new program after a failed reload")
    case.wait_for(lambda: case.workers() == [first], "the generation that could not take over has left")
    with open(case.socket.replace(".sock", ".log")) as file:
        case.matches(file.read(), r"cannot take over from generation 1, which goes on", "the log")

    # Code that can run: the next program gets it, and the old worker goes with its last program.
    returning(20)
    reload = case.coilctl("reload")
    case.check(reload, None, "")
    case.matches(reload.stdout, r"generation 3 \(.*\) takes over from generation 1: 1 module\n", "coilctl reload")
    answer, second = ask()
    case.equal(answer, 21, "a new program after a reload")
    case.expect(second != first, "the new code runs in the old worker")
    case.wait_for(lambda: second in case.workers(), "the new worker stays")
    old.stdin.close()
    old.stdin = None
    case.equal(case.finish(old).status, 0, "status of the old program")
    case.wait_for(lambda: case.workers() == [second], "the old generation has left with its last program")

    # By signal; nobody is there, so nobody waits.
    returning(30)
    os.kill(case.daemons()[0], signal.SIGHUP)
    case.wait_for(lambda: second not in case.workers(), "the old generation has left at once")
    case.equal(ask()[0], 31, "a new program after SIGHUP")
