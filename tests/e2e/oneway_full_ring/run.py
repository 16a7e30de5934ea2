def run(case):
    lines = ["line %d of those that Python prints while the program calls on\n" % i for i in range(5000)]
    for _ in range(2):
        result = case.run(timeout=60)
        case.check(result, None)
        got = result.stdout.splitlines(True)
        # The program goes on as soon as the last call is queued.
        case.expect([line for line in got if line.startswith("line ")] == lines, "all lines arrive, in order")
        case.equal([line for line in got if not line.startswith("line ")],
                   ["waited: 1\n", "lines: 5000\n", "texts: 3000\n"], "the rest")
