"""Native code keeps the GIL after a deadline: stacks in the log, a new worker, and nobody loses a call that had not
begun.  For less than the bound, nothing of that."""
import re
import subprocess


def begin(case, *arguments):
    program = case.popen(*arguments, stdin=subprocess.PIPE)
    case.equal(program.stdout.readline(), b"ready\n", "the program")
    return program


def go(program):
    program.stdin.write(b"\n")
    program.stdin.flush()


def end(case, program):
    program.stdin.close()
    program.stdin = None
    return case.finish(program, 60)


def run(case):
    bound_ms = 1500 * case.slow
    case.start_daemon("--gil-timeout-ms", bound_ms)

    # Late, but the GIL is had again before the bound: nobody is killed.
    program = begin(case, "hold", 700)
    go(program)
    case.check(end(case, program), "hold: -1 in time\nquick: 2\nthe worker is the same\n", "~ coil: plugin.hold.*\n")

    holder, runner, waiter = begin(case, "hold", 60000), begin(case, "start"), begin(case, "quick")
    go(runner)
    case.equal(runner.stdout.readline(), b"started\n", "the handler")
    go(waiter)
    go(holder)
    case.check(end(case, holder), "hold: -1 in time\nquick: 2\nthe worker is another one\n", "~ coil: plugin.hold.*\n")
    case.check(end(case, waiter), "all answered\nthe worker is another one\n")
    case.check(end(case, runner), "start: -1\nthe worker is another one\n", "~ coil: plugin.start.*died while it ran this.*\n")

    log = "\n".join(case.log_tail(10 ** 6))
    case.matches(log, r"native code has kept Python's interpreter lock \(GIL\) for [\d.]+ seconds")
    case.matches(log, r'File "<init code for \'plugin\'>", line \d+ in hold_the_gil\n')
    case.matches(log, r'File "<init code for \'plugin\'>", line \d+ in start\n')
    case.matches(log, r"died in plugin\.hold\(\), called by program \d+")
    case.equal(len(re.findall("kept Python's", log)), 1, "workers that were ended")
