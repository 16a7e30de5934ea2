"""The stub library inside a process that already runs Python: the daemon's interpreter, or this one."""


def run(case):
    same = 0 if case.mode == "daemon" else 1
    for _ in range(2):
        result = case.run("script.py", program="/usr/bin/python3", env=case.sanitizer_preload())
        case.check(result, "42 True 800 %d\n42\n" % same)
