def run(case):
    for _ in range(2):
        result = case.run()
        lines = result.stdout.split("\n")
        case.equal(result.status, 0, "status")
        case.equal(result.stderr, "to stderr\n", "stderr")
        case.equal(lines[0], "gr\u00fc\u00dfe \u20ac \U0001f40d", "first line")
        case.equal(lines[1], "no newlinea\0b", "second line")
        case.expect(lines[2] == "x" * 200000, "the long line came with %d characters" % len(lines[2]))
        case.equal(lines[3], "five", "fourth line")
        case.matches(lines[4], r"^5 utf-8 ", "fifth line")
        case.equal(lines[5:], ["", "1", "2", ""], "the rest")
