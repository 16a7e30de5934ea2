"""Which deadline counts: timeout(), COIL_TIMEOUT_MS, the daemon's; and what else is waited for within it."""
import subprocess
import time

LATE = "~ coil: plugin\\.%s\\(\\): .*deadline of %d ms.*error value\n"


def calls(case, *arguments, late=(), env=None, also=""):
    """Runs the calls, of which those in `late` (name, milliseconds) are."""
    words = [str(argument) for argument in arguments]
    results = ""
    left = list(late)
    for name, ms in zip(words[::2], words[1::2]):
        is_late = bool(left) and left[0][0] == name and int(ms) > left[0][1]
        results += "%s: %s\n" % (name, "-1" if is_late else ms)
        if is_late:
            left.pop(0)
    case.equal(left, [], "calls that are late are named in order")
    # In-process an exception is told, too.
    result = case.run(*words, env=env)
    stderr = "\n".join(line for line in result.stderr.splitlines() if line.startswith("coil: ")) + "\n"
    case.check(type(result)(result.status, result.stdout.replace("init code\n", ""), stderr if len(stderr) > 1 else ""),
               results, also + "".join(LATE % pair for pair in late))


def init(case):
    """Init code that takes longer than the call may: it goes on, and later calls find it done."""
    begin = time.monotonic()
    result = case.run("retry", 5, env={"COIL_TIMEOUT_MS": "300", "PYTHONSLOWINIT": "1.5"})
    case.check(result, "worked: later\n", None)
    case.matches(result.stderr, r"plugin\.plain\(\): its deadline of 300 ms has passed while the module's init code ran")
    case.expect(time.monotonic() - begin < 20 * case.slow, "it took long")
    case.check(case.run("retry", 5, env={"COIL_TIMEOUT_MS": "300", "PYTHONSLOWINIT": "1.5"}), "worked: at once\n")


def restart(case):
    """A worker that takes long to start, because Python takes long: the call is back in time, and a later one works."""
    environment = {"COIL_TIMEOUT_MS": "250", "PYTHONPATH": case.work}
    with open(case.path("sitecustomize.py"), "w") as file:
        file.write("import time\ntime.sleep(1.2)\n")
    result = case.run("retry", 5, env=environment)
    case.check(result, None, None)
    case.matches(result.stdout, "worked: later\n")
    case.matches(result.stderr, r"deadline of 250 ms has passed while the (daemon|Python worker) started")
    # The worker is killed: an idempotent call within its deadline, which the next start does not keep.
    program = case.popen("again", 1, "pid", 0, "wait", 0, "again", 2, "retry", 5, stdin=subprocess.PIPE, env=environment)
    case.equal(program.stdout.readline(), b"again: 1\n", "the first call")
    worker = int(program.stdout.readline().split()[1])
    case.equal(program.stdout.readline(), b"waiting\n", "the program")
    case.kill(worker)
    program.stdin.write(b"\n")
    program.stdin.flush()
    result = case.finish(program)
    case.check(result, None, None)
    case.matches(result.stdout, "again: -1\n(init code\n)?worked: later\n")
    case.matches(result.stderr, r"again\(\): its deadline of 250 ms has passed while the Python worker started")


def daemon_maximum(case):
    stop = case.coilctl("stop")
    case.equal(stop.status, 0, "coilctl stop")
    case.wait_for(lambda: not case.daemons(), "the daemon stops")
    case.start_daemon("--max-call-ms", 150)
    calls(case, "plain", 1, "plain", 1500, "declared", 1500, late=(("plain", 150), ("declared", 150)))
    calls(case, "plain", 1, "plain", 1500, late=(("plain", 150),), env={"COIL_TIMEOUT_MS": "60000"})
    calls(case, "plain", 1, "plain", 1500, late=(("plain", 100),), env={"COIL_TIMEOUT_MS": "100"})


def run(case):
    # timeout() is for its function, and what the environment says for all others.
    calls(case, "plain", 500, "declared", 1500, "declared", 20, late=(("declared", 300),))
    calls(case, "plain", 20, "plain", 1500, "declared", 200, late=(("plain", 150),), env={"COIL_TIMEOUT_MS": "150"})
    calls(case, "plain", 20, "declared", 1500, late=(("declared", 300),), env={"COIL_TIMEOUT_MS": "60000"})
    calls(case, "plain", 20, "again", 1500, late=(("again", 150),), env={"COIL_TIMEOUT_MS": "150"})
    for nothing in ("", "0"):
        calls(case, "plain", 200, env={"COIL_TIMEOUT_MS": nothing})
    for wrong in ("soon", "-5", " 5", "5s", "1e3", "99999999999"):
        calls(case, "plain", 200, "declared", 1500, late=(("declared", 300),), env={"COIL_TIMEOUT_MS": wrong},
              also="~ coil: COIL_TIMEOUT_MS is '%s', which is no number of milliseconds from 0 .no deadline. to 2147483647: it "
                   "is ignored, and only functions that are declared with timeout.. have a deadline\n" % wrong)
    if case.mode == "daemon":
        init(case)
        restart(case)
        daemon_maximum(case)
