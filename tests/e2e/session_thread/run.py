def run(case):
    for _ in range(2):
        # In-process it is the asking thread itself that runs the C code.
        blocked = 1 if case.mode == "daemon" else 0
        case.check(case.run(), "lonely: 1\n[5, %d, (2, 3), 1]\nin call: 4\nbad: []\none: 1\nbad: []\ntwenty: 20\n" % blocked)
