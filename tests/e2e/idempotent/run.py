def run(case):
    case.check_expected(case.run(timeout=60))
