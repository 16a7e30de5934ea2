import subprocess


def ask(process, text=None):
    if text is not None:
        process.stdin.write(text.encode() + b"\n")
        process.stdin.flush()
    return process.stdout.readline().decode().strip()


def run(case):
    first = case.popen("first", stdin=subprocess.PIPE)
    entered = ask(first)
    case.matches(entered, r"entered first at 0x[0-9a-f]+")
    address = entered.split()[-1]
    second = case.popen("second", stdin=subprocess.PIPE)
    case.matches(ask(second), r"entered second at 0x[0-9a-f]+")
    case.equal(len(case.workers()), 1, "workers")
    # The second program sees and changes the first one's object, at the same address.
    case.equal(ask(second, "first"), "first! at %s, own visits 1, second" % address, "what the second program found")
    case.matches(ask(first, "second"), r"second! at 0x[0-9a-f]+, own visits 11, first!")
    # It outlives the program that it was made for.
    case.equal(case.finish(first).stdout, "11\n", "the first program's count")
    case.equal(ask(second, "first!"), "first!! at %s, own visits 11, second!" % address, "what is left of the first")
    case.equal(ask(second, "third"), "(nobody) at (nil), own visits 11, second!", "what is not there")
    case.check(case.finish(second), "")
    third = case.popen("third", "all", stdin=subprocess.PIPE)
    ask(third)
    case.equal(case.finish(third).stdout, "33\n", "the third program's count")
