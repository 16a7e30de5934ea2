"""Threads that Python has started itself: in the program's own process they may use lib, in a shared worker they may not."""
import case as support


def run(case):
    result = case.run()
    lines = result.stdout.splitlines()
    if result.status != 0 or lines[0] != "42" or lines[-1] != "5" or len(lines) != 5:
        raise support.Failure("status %d\n%s%s" % (result.status, result.stdout, result.stderr))
    for line, word, value, name in zip(lines[1:4], ("during", "after", "after"), ("2", "3", "5"),
                                       ("lib.plain()", "lib.variable", "lib.variable")):
        if case.mode == "inprocess":
            good = line == "%s the call: %s" % (word, value)
        else:
            good = line.startswith("%s the call: lib." % word) and "no program is being served here" in line
        if not good:
            raise support.Failure(line)
