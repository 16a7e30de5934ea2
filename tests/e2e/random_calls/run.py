"""Random modules, called at random: daemon mode and in-process mode give what plain C gives, call for call.

A module that differs stays in the work folder (tests/run.py --keep), and the message says with which seed to make it again.
With --scale 100 this makes a million calls in each mode.
"""
import os
import sys

MODULES = 5
CALLS = 2000
FIRST_SEED = 1


def build(case, seed):
    folder = case.path("seed%d" % seed)
    case.tool([sys.executable, "-B", case.path("generate.py"), str(seed), folder])
    flags = ["-std=c11", "-O1", "-g", "-w"] + (["-fsanitize=" + case.sanitize] if case.sanitize else [])
    case.tool(["cc"] + flags + ["main.c", "reference.c", "-o", "reference"], cwd=folder)
    case.tool([os.path.join(case.build, "bin", "coil-stubgen"), "build.py"], cwd=folder)
    library = [name for name in os.listdir(folder) if name.endswith(".so")][0]
    case.tool(["cc"] + flags + ["main.c", "-o", "main", "-L.", "-Wl,-rpath,$ORIGIN", "-l:" + library,
                                "-Wl,--allow-shlib-undefined"], cwd=folder)
    return folder


def run(case):
    modules = MODULES * (10 if case.scale > 1 else 1)
    calls = CALLS * case.scale * MODULES // modules // (2 if case.sanitize else 1)
    for seed in range(FIRST_SEED, FIRST_SEED + modules):
        folder = case.path("seed%d" % seed)
        if not os.path.exists(os.path.join(folder, "main")):
            folder = build(case, seed)
        arguments = [str(calls), str(seed)]
        wanted = case.tool([os.path.join(folder, "reference")] + arguments).stdout
        result = case.run(*arguments, program=os.path.join(folder, "main"), timeout=120 + calls // 100)
        lines = zip(wanted.splitlines(), result.stdout.splitlines())
        first = next((good for good, got in lines if good != got), "the end")
        case.expect(result.status == 0 and result.stdout == wanted and not result.stderr,
                    "seed %d: status %d, and the first line that differs from plain C is '%s'; "
                    "'generate.py %d FOLDER' makes the module\nstderr: %s" % (
                        seed, result.status, first, seed, result.stderr[:2000]))
