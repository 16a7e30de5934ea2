"""coil_flush() tells of one-way calls that were refused, whatever came in between: other calls, a death, a newer worker."""
import subprocess

EXPECTED = """\
refused: -1 refused
once: 0 ok
3
with a call in between: -1 refused
6
8
another thread's: 0 ok
"""
DIED = "~ .*plugin\\.crash\\(\\): the one-way call was under way when the Python worker died\n"
REFUSED = "~ .*plugin\\.crash\\(\\): it has killed .*; the one-way call is lost\n"
ERRORS = DIED * 5 + REFUSED * 5 + DIED  # the reload has made it be tried again


def lines(process, count):
    return "".join(process.stdout.readline().decode() for _ in range(count))


def await_worker(process):
    return int(lines(process, 1).split()[1])


def go_on(process):
    process.stdin.write(b"\n")
    process.stdin.flush()


def run(case):
    case.crashes = True
    case.compile_with_coil("program.c", "program")
    process = case.popen(program=case.path("program"), stdin=subprocess.PIPE)
    case.equal(lines(process, 7), EXPECTED, "first lines")
    first = await_worker(process)
    case.kill(first)
    case.wait_for(lambda: first not in case.workers(), "the worker has gone")
    go_on(process)
    case.equal(lines(process, 1), "the worker was killed meanwhile: -1 refused\n", "answer")
    second = await_worker(process)
    case.equal(case.coilctl("reload").status, 0, "coilctl reload")
    case.wait_for(lambda: second not in case.workers(), "the old worker has left")
    go_on(process)
    case.equal(lines(process, 1), "in another one meanwhile: -1 refused\n", "answer")
    third = await_worker(process)
    case.equal(len({first, second, third}), 3, "workers")
    go_on(process)
    case.check(case.finish(process), "", ERRORS)
