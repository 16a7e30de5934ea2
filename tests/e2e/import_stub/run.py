"""The .so is an extension module, too: importable under its module's name; its init code runs at the first call."""


def run(case):
    case.stays_in = True
    result = case.run("script.py", program="/usr/bin/python3", env=case.sanitizer_preload())
    case.check(result, "plugin 42 <ctype 'int(*)(int, int)'> 0\ninit\n42\n")
