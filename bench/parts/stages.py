"""Steps of a call, measured one by one: what Python needs, what the way there and back needs (bench/stages)."""
import os

import kit


def build(bench, name, *arguments):
    kit.command(["cc", "-O2", "-std=gnu11", "-pthread", "-I" + kit.ROOT, "-I" + os.path.join(kit.HERE, "peers"),
                 "-I" + kit.HERE, os.path.join(kit.HERE, "stages", name + ".c"),
                 os.path.join(bench.work, "measure.o"), "-o", "stage-" + name, *arguments, "-lm"], bench.work,
                bench.environment)


def run(bench, options):
    """{"stages": {name: [ns per round]}}."""
    config = [kit.PYTHON, os.path.join(kit.ROOT, "make", "python_config.py")]
    version = kit.command(config + ["--version"], bench.work, bench.environment).strip()
    build(bench, "python", *kit.command(config + ["--cflags"], bench.work, bench.environment).split(), "-lpython" + version)
    build(bench, "ring", os.path.join(bench.build, "obj", "libproto.a"))
    results = {}
    for _ in range(options.rounds):
        for command in (["./stage-python"], ["./stage-ring", "line"], ["./stage-ring"]):
            for line in kit.command(command, bench.work, bench.environment).splitlines():
                name, ns = line.split()
                results.setdefault(name, []).append(float(ns))
    kit.say("stages: " + ", ".join("%s %.0f" % (name, sorted(values)[len(values) // 2]) for name, values in results.items()))
    return {"stages": results}
