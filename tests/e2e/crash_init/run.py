"""Init code that always crashes is refused after a while; programs of other modules go on in the same interpreter."""
import subprocess

REFUSED = "~ .*bad.*: its init code has killed the Python worker 5 times .* refused until coilctl reload.*\n"


def run(case):
    case.crashes = True
    good = case.popen("good", stdin=subprocess.PIPE)
    case.equal(good.stdout.readline(), b"1\n", "before")
    case.check(case.run("bad"), "0\n" * 8, REFUSED * 8)
    good.stdin.write(b"go\n")
    good.stdin.flush()
    case.equal(good.stdout.readline(), b"2\n", "afterwards")
    case.check(case.run("bad"), "0\n" * 8, REFUSED * 8)
    good.stdin.write(b"go\ngo\n")
    good.stdin.flush()
    case.equal(good.stdout.readline(), b"3\n", "in the end")
    case.check(case.finish(good), "")
