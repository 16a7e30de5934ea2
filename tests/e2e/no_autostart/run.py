"""No daemon, and COIL_AUTOSTART=0: the call says so at once and returns; nothing is started."""
import time


def run(case):
    begin = time.monotonic()
    result = case.run(env={"COIL_AUTOSTART": "0"})
    case.check(result, "0\n0\n", None)
    case.expect(time.monotonic() - begin < 3 * case.slow, "took %.1f s" % (time.monotonic() - begin))
    case.matches(result.stderr, case.socket, "stderr")
    case.matches(result.stderr, r"COIL_AUTOSTART|coild", "stderr")
    case.equal(case.daemons(), [], "daemons")
    case.check(case.run(), "42\n42\n")
    case.check(case.run(env={"COIL_AUTOSTART": "0"}), "42\n42\n")
