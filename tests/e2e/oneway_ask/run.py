def run(case):
    for _ in range(2):
        case.check(case.run(), "total: 1\nnested 42\nwho True True True\ndone: 4951\n")
        case.check(case.run("plain"), "where True\nafter: 1\n")
