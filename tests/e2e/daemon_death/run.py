"""kill -9 of the daemon: whatever a caller is in, it is back soon; no worker outlives it; the next daemon finds no litter."""
import os
import subprocess
import time

EXPECTED = {"call": (-1,), "callback": (-1,), "ring": (0, 1), "busy": (0, 1), "native": (-1,), "behind": (42,), "one": (42,)}


def kill_daemon(case):
    """When it was killed, in ms; its workers are gone soon after."""
    workers = case.workers()
    daemon = case.daemons()[0]
    case.kill(daemon)
    killed = time.monotonic() * 1000
    case.wait_for(lambda: not [pid for pid in workers if os.path.exists("/proc/%d" % pid) and alive(pid)], "workers die with it", 5)
    return killed, time.monotonic() * 1000 - killed


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def check_back(case, result, killed, slack):
    """Everyone has what it should have; the longest way back, in ms."""
    longest = 0
    for line in result.stdout.splitlines():
        name, got, when = line.split()
        if name == "worker":
            continue
        case.expect(int(got) in EXPECTED[name], "%s got %s" % (name, got))
        late = float(when) - killed - slack.get(name, 0)
        longest = max(longest, late)
        case.expect(late < 5000 * case.slow, "%s was back after %.0f ms" % (name, late))
    return longest


def in_all_places(case):
    c_ms = int(1500 * case.slow)
    process = case.popen("many", c_ms)
    time.sleep(c_ms / 2000)
    killed, died = kill_daemon(case)
    result = case.finish(process)
    case.equal(len(result.stdout.splitlines()), 9, "answers")
    case.matches(result.stderr, r"slow\(\).*died while it ran this call", "stderr")
    case.matches(result.stderr, r"wait_alone\(\): the one-way call was under way when the Python worker died", "stderr")
    case.expect(result.stderr.count("the one-way call") == 2, "other one-way calls are lost, too:\n" + result.stderr)
    return check_back(case, result, killed, {"callback": c_ms, "busy": 2 * c_ms}), died


def with_the_gil(case):
    """A worker whose GIL is held by native code dies as well."""
    process = case.popen("gil")
    time.sleep(1 * case.slow)
    killed, died = kill_daemon(case)
    return check_back(case, case.finish(process), killed, {}), died


def while_it_starts(case, name):
    """A program whose worker is starting Python, or running init code: it goes on with the next daemon."""
    folder = case.path("blocks-" + name)
    flag = os.path.join(folder, "flag")
    os.mkdir(folder)
    open(flag, "w").close()
    with open(os.path.join(folder, name + ".py"), "w") as file:
        file.write("import os, time\nwhile os.path.exists(%r): time.sleep(0.05)\n" % flag)
    process = case.popen("one", env={"PYTHONPATH": folder})
    case.wait_for(lambda: len(case.workers()) == 1, "a worker")
    time.sleep(0.5 * case.slow)
    case.kill(case.worker(), 19)  # stopped, so that it does not see what follows
    os.remove(flag)
    killed, died = kill_daemon(case)
    return check_back(case, case.finish(process), killed, {}), died


def stopped(case):
    """Not even one that is stopped."""
    program = case.popen("stay", stdin=subprocess.PIPE)
    program.stdout.readline()
    case.kill(case.worker(), 19)
    died = kill_daemon(case)[1]
    program.stdin.close()
    program.stdin = None
    case.check(case.finish(program), None, "")
    return 0, died


def litter(case):
    """Over and over: the program has as many fds as before, and there is one daemon with one worker."""
    program = case.popen("stay", stdin=subprocess.PIPE)

    def ask():
        program.stdin.write(b"\n")
        program.stdin.flush()
        return int(program.stdout.readline().split()[1])

    program.stdout.readline()
    fds = case.fds(program.pid)
    workers = set()
    for _ in range(5):
        workers.add(ask())
        case.expect(ask() > 0, "a call failed")
        case.equal(case.fds(program.pid), fds, "fds of the program")
        kill_daemon(case)
        case.expect(os.path.exists(case.socket), "the socket of the dead daemon is what the next one finds")
    case.expect(ask() > 0, "a call failed")
    case.equal(len(workers), 5, "workers")
    case.equal(sorted(name for name in os.listdir(case.run_folder) if not name.endswith(".log")),
               ["coild.sock", "coild.sock.lock"], "files")
    case.equal(case.coilctl("stop").status, 0, "coilctl stop")
    case.equal([name for name in os.listdir(case.run_folder) if not name.endswith(".log")], [], "files after coilctl stop")
    program.stdin.close()
    program.stdin = None
    case.check(case.finish(program), None, "")


def run(case):
    figures = []
    for name, what in (("8 callers", in_all_places), ("GIL held", with_the_gil),
                       ("Python starts", lambda case: while_it_starts(case, "sitecustomize")),
                       ("init code", lambda case: while_it_starts(case, "blocker")), ("worker stopped", stopped)):
        back, died = what(case)
        if case.daemons():
            case.equal(case.coilctl("stop").status, 0, "coilctl stop")
        figures.append("%s: back after %.0f ms, worker dead after %.0f ms" % (name, back, died))
    case.note("daemon killed; " + "; ".join(figures))
    litter(case)
