"""The daemon stops while a handler and a Python thread use the program: the handler ends as it would, the thread holds up nobody."""
import os
import signal
import subprocess
import time


def run(case):
    asks = case.popen(1500)
    case.equal(asks.stdout.readline(), b"begun\n", "first line")
    daemon = case.daemons()[0]
    os.kill(daemon, signal.SIGTERM)
    case.check(case.finish(asks), "1\n42\n")
    case.wait_for(lambda: daemon not in case.daemons(), "the daemon has stopped")

    idle = case.popen(100, "wait", stdin=subprocess.PIPE)
    case.equal(idle.stdout.readline(), b"begun\n", "first line")
    time.sleep(0.3)
    begin = time.monotonic()
    case.equal(case.coilctl("stop").status, 0, "status of coilctl stop")
    took = time.monotonic() - begin
    case.expect(took < 2 * case.slow, "stopping took %.1f s, although no call was running" % took)
    idle.stdin.write(b"go\n")
    idle.stdin.close()
    idle.stdin = None
    result = case.finish(idle)
    case.equal(result.status, 0, "status")
    case.matches(result.stdout, "42\n$", "stdout")
