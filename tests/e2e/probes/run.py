"""Probes for tracers: they are where the documentation says, with as many arguments, and are passed when calls are made."""
import os
import re
import shutil
import subprocess

WANTED = {"libexec/coil/coil-worker": {"call__begin": 3, "call__end": 4}, "bin/coild": {"worker__start": 2, "worker__death": 4}}


def probes(path):
    """{name: numbers of arguments}"""
    notes = subprocess.run(["readelf", "-n", "-W", path], stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {}
    for name, arguments in re.findall(r"Provider: coil\s+Name: (\w+)\s+Location:[^\n]*\s+Arguments: ([^\n]*)", notes):
        found.setdefault(name, set()).add(len(arguments.split()))
    return found


def run(case):
    if not os.path.exists("/usr/include/x86_64-linux-gnu/sys/sdt.h") and not os.path.exists("/usr/include/sys/sdt.h"):
        case.note("systemtap-sdt-dev is not there: coil was built without probes")
        return
    for program, wanted in WANTED.items():
        case.equal(probes(os.path.join(case.build, program)), {name: {count} for name, count in wanted.items()},
                   "probes in " + program)
    case.check(case.run(), "42\n")
    if not shutil.which("gdb") or case.sanitize:
        return
    # A debugger stops at them, and sees what they say.
    program = case.popen("wait", stdin=subprocess.PIPE)
    case.equal(program.stdout.readline(), b"42\n", "the first call")
    worker = case.worker()
    debugger = subprocess.Popen(["gdb", "-p", str(worker), "-batch", "-nx", "-ex", "break -probe-stap coil:call__begin",
                                 "-ex", "echo ready\\n", "-ex", "continue", "-ex", "printf \"at %d %s.%s\\n\", $_probe_arg0, (char "
                                 "*)$_probe_arg1, (char *)$_probe_arg2"], env=case.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in debugger.stdout:
        if line.startswith("ready"):
            break
    program.stdin.write(b"\n")
    program.stdin.flush()
    said = debugger.stdout.read()
    debugger.wait()
    case.check(case.finish(program), "42\n")
    case.matches(said, r"(?m)^at %d plugin\.add$" % program.pid, "what the debugger saw")
