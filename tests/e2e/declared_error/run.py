EXPECTED = "-1 -2\n? -5000000000 -1.5 1 0.25\n1 9\n-3 -4\n"


def run(case):
    for _ in range(2):
        case.check(case.run(), EXPECTED, None)
    if case.mode == "daemon":
        case.check(case.run("die"), EXPECTED + "-8\n", None)
        nobody = case.run("die", env={"COIL_SOCKET": case.path("nowhere.sock"), "COIL_AUTOSTART": "0"})
        case.check(nobody, "-1 -1\n? -5000000000 -1.5 1 0.25\n1 9\n-3 -4\n-8\n", None)
