"""`coilctl stop` while a program is attached: its next call starts another daemon."""
import subprocess


def run(case):
    process = case.popen(stdin=subprocess.PIPE)
    case.equal(process.stdout.readline(), b"42\n", "first line")
    for _ in range(3):
        worker = case.worker()
        stop = case.coilctl("stop")
        case.equal((stop.status, stop.stderr), (0, ""), "coilctl stop")
        case.expect(worker not in case.workers(), "the worker is there after coilctl stop")
        process.stdin.write(b"again\n")
        process.stdin.flush()
        case.equal(process.stdout.readline(), b"3\n", "the call after coilctl stop")
    process.stdin.close()
    process.stdin = None
    case.check(case.finish(process), "")
    again = case.coilctl("stop")
    case.equal(again.status, 0, "coilctl stop")
    again = case.coilctl("stop")
    case.expect(again.stderr + again.stdout != "", "coilctl stop without a daemon says nothing")
