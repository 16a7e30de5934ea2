"""_cffi_backend cannot be imported: one line that says why, what to install and where it was looked for; never a crash.

One that is merely absent from the environment's folders is taken from the distribution instead.
"""
import os


def run(case):
    folder = case.path("packages")
    os.makedirs(folder, exist_ok=True)
    env = {"PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
    for code, why in (('raise ImportError("no such symbol: ffi_call")', "no such symbol: ffi_call"),
                      ("import (", "invalid syntax")):
        write(folder, code)
        result = case.run(env=env)
        case.check(result, "0\n0\n", None)
        lines = result.stderr.splitlines()
        case.equal(len(lines), 2, "lines on stderr, one for each call:\n" + result.stderr)
        for line in lines:
            case.matches(line, r"\badd\b", "stderr")
            case.matches(line, r"Python \d\.\d+ cannot import _cffi_backend \(%s" % why, "stderr")
            case.matches(line, "install python3-cffi-backend", "stderr")
            case.expect(folder in line, "stderr does not say where it was looked for: " + line)
    write(folder, 'raise ModuleNotFoundError("No module named \'_cffi_backend\'")')
    case.check(case.run(env=env), "42\n3\n")
    case.check(case.run(), "42\n3\n")


def write(folder, code):
    with open(os.path.join(folder, "_cffi_backend.py"), "w", encoding="utf-8") as file:
        file.write(code + "\n")
