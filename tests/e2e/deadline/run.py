"""Handlers that run on, wait, or print without end, each with a deadline of 200 ms."""
import os
import re
import subprocess

DAEMON = """\
loop: -1 in time, then 2
stubborn: -1 in time, then 2
nap: -1 in time, then 2
read_pipe: -1 in time, then 2
ended: yes
printing: -1 in time, then 2
ended: yes
fill: -1 in time, then 2
plenty: -1 in time, then 2
ended: yes
50
changed: 0
fill: 1 7, plenty: 1 z
"""

# The exception ends them, or comes when they wake; whoever catches it has a result.
INPROCESS = """\
loop: -1 in time, then 2
stubborn: 1 in time, then 2
nap: 1 in time, then 2
ended: yes
fill: 1 in time, then 2
plenty: 1 in time, then 2
ended: yes
50
changed: 3145828
fill: 1 7, plenty: 1 z
"""


def threads(pid):
    return len(os.listdir("/proc/%d/task" % pid))


def measure(case, rounds):
    """What the program and the worker have when so many calls have been given up and have ended."""
    program = case.popen(rounds, stdin=subprocess.PIPE)
    line = program.stdout.readline()
    case.equal(line, b"rounds done\n", "the program")
    measured = None
    if case.mode == "daemon":
        worker = case.worker()
        # The watchdog goes when nothing is late any more.
        case.wait_for(lambda: threads(worker) <= 8, "the worker's threads end")
        measured = (case.fds(program.pid), case.fds(worker), threads(program.pid))
    program.stdin.write(b"x")
    program.stdin.close()
    program.stdin = None
    result = case.finish(program)
    case.equal(result.status, 0, "the status")
    case.equal(result.stderr.count("coil: plugin.loop(): "), rounds, "calls that were late")
    return measured


def run(case):
    result = case.run(timeout=60)
    out = re.sub(r"(and on\n)+", "", result.stdout)
    case.check(type(result)(result.status, out, result.stderr), DAEMON if case.mode == "daemon" else INPROCESS, None)
    late = re.findall(r"^coil: plugin\.(\w+)\(\): .*200 ms.*timeout\(\).*the call returned its error value$",
                      result.stderr, re.M)
    if case.mode == "inprocess":
        case.equal(late, ["loop"], "calls that are late")
        case.matches(result.stderr, r"coil\.DeadlineExceeded\n", "the report of loop()")
        measure(case, 3)
        return
    case.equal(late, ["loop", "stubborn", "nap", "read_pipe", "printing", "fill", "plenty"], "calls that are late")
    case.equal(len(result.stderr.splitlines()), 7, "lines on stderr")
    log = "\n".join(case.log_tail(10 ** 6))
    log = re.sub(r"coild.log: and on\n", "", log)
    case.matches(log, r"plugin\.loop\(\) is past its deadline: coil\.DeadlineExceeded is raised in it")
    case.matches(log, r"From callback <function loop")
    case.matches(log, r"plugin\.read_pipe\(\) is past its deadline, and waits outside of Python code")
    case.equal(measure(case, 20), measure(case, 2), "fds of the program and of the worker, threads of the program")
