"""A call inside a call has no longer than the one around it; what is given up comes to an end on both sides."""
import os
import re
import subprocess

OUT = """\
inner late: -98 in time, then 2
ended: yes
inner, as long as the outer one has: -7 in time, then 2
ended: yes
the outer one's own: -7 in time, then 2
ended: yes
C is not interrupted: -7 in time, then 2
ended: yes
C that calls again and again: -7 in time, then 2
asks late: -7 in time, then 2
ended: yes
all is well: 102 in time, then 2
"""

LATE = ["inner 200", "inner_patient 300", "outer_late 300", "inner_plain 300", "outer_late 300", "outer_naps 200",
        "outer_repeats 200", "asks_late 200"]


def run(case):
    result = case.run(timeout=60)
    case.check(result, OUT, None)
    late = [" ".join(found) for found in re.findall(r"^coil: plugin\.(\w+)\(\): .*deadline of (\d+) ms", result.stderr, re.M)]
    case.equal([name for name in late if not name.startswith("quick")], LATE, "calls that are late")

    rounds = 30
    program = case.popen(rounds, stdin=subprocess.PIPE)
    case.equal(program.stdout.readline(), b"rounds done\n", "the program")
    if case.mode == "daemon":
        # Channels come back: as many as were late at once, and not one for each.
        worker = case.worker()
        case.wait_for(lambda: len(os.listdir("/proc/%d/task" % worker)) <= 12, "the worker's threads end")
    program.stdin.write(b"x")
    program.stdin.close()
    program.stdin = None
    case.equal(case.finish(program).status, 0, "the status")
