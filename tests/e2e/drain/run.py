"""The daemon is told to stop: calls that run may end, within a bound; the next ones go to the next daemon."""
import os
import signal
import subprocess
import time


def begun(case, *arguments, **options):
    process = case.popen(*arguments, **options)
    case.equal(process.stdout.readline(), b"begun\n", "first line")
    return process


def stop(case):
    """Tells the daemon to stop; one that was told before may be about to leave, and is waited for first."""
    case.wait_for(lambda: len(case.daemons()) == 1, "there is one daemon")
    daemon = case.daemons()[0]
    os.kill(daemon, signal.SIGTERM)
    return daemon


def await_end(case, daemon):
    case.wait_for(lambda: daemon not in case.daemons(), "the daemon has stopped")


def run(case):
    # A call that ends in time: its result comes.  Someone who calls all the time loses nothing.
    busy = begun(case, "busy", stdin=subprocess.PIPE)
    short = begun(case, "slow", 1500)
    daemon = stop(case)
    case.check(case.finish(short), "1500\n42\n")
    await_end(case, daemon)
    busy.stdin.close()
    busy.stdin = None
    case.check(case.finish(busy), "all right\n")

    # One that does not: its error value, after the bound.
    long = begun(case, "slow", 60000)
    begin = time.monotonic()
    daemon = stop(case)
    case.check(case.finish(long), "-1\n42\n", "~ .*slow.*died while it ran this call.*")
    took = time.monotonic() - begin
    await_end(case, daemon)
    case.expect(4 < took < 9 * case.slow, "the call ended after %.1f s" % took)

    # Someone is in a hurry.
    long = begun(case, "slow", 60000)
    begin = time.monotonic()
    daemon = stop(case)
    time.sleep(0.3)
    os.kill(daemon, signal.SIGTERM)
    case.check(case.finish(long), "-1\n42\n", "~ .*slow.*died while it ran this call.*")
    took = time.monotonic() - begin
    case.expect(took < 4 * case.slow, "the call ended after %.1f s" % took)
