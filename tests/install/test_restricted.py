"""The end-to-end cases of daemon mode, with daemon and workers under the restrictions of the system's coild.service.

The restrictions are the kernel's own, put on by sandbox.py as systemd would do it: the list of system calls, no memory both
writable and executable, a read-only system, no network, no devices, no privileges.  That they hold is tried first.
"""
import os
import re
import shutil
import tempfile

import case as support

HERE = os.path.dirname(os.path.abspath(__file__))
# They take long and are about what happens in time, not about what is allowed: only in the long form.
SLOW = {"crash_loop", "daemon_death", "deadline", "deadline_limits", "deadline_nested", "deadline_oneway", "drain", "drain_asks",
        "environments", "exit_in_python", "heap_after_worker_death", "heap_flat", "lib_file", "oneway_exit", "oneway_worker_death",
        "random_calls", "recycle"}
# They have a coild of their own, which nothing restricts; look into its file; start it as a user who cannot restrict it.
LEFT_OUT = {"libpython_missing", "probes"}
LEFT_OUT_AS = "system_"
WRAPPER = '''#!/bin/sh
exec /usr/bin/python3 -B "%s" run "%s" "%s" "%s" "$@"
'''
TRIALS = [  # what Python in a worker may not do, and what becomes of it
    ("import socket; socket.socket(socket.AF_INET)", "not supported"),
    ("import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)", "not permitted"),
    ("open('/etc/coil-was-here', 'w')", "Read-only file system"),
    ("import os; os.listdir('/root')", "Permission denied"),
    ("import os; os.chroot('/')", "not permitted"),
    ("import os; os.sched_setaffinity(0, {0})", "not permitted"),
    ("open('/proc/meminfo')", "No such file"),
    ("open('/dev/mem')", "No such file"),
    ("import ctypes; c = ctypes.CDLL(None, use_errno=True); c.unshare(0x10000000); raise OSError(os.strerror(ctypes.get_errno()))"
     .replace("import ctypes", "import ctypes, os"), "not permitted"),
]
BUILD_SCRIPT = '''
import cffi

ffi = cffi.FFI()
ffi.embedding_api("int attempt(const char *code);")
ffi.set_source("attempts", "")
ffi.embedding_init_code("""
    from attempts import ffi

    @ffi.def_extern(error=1)
    def attempt(code):
        try:
            exec(ffi.string(code).decode(), {})
        except Exception as error:
            print(error)
            return 1
        print("done")
        return 0
""")
ffi.compile()
'''
PROGRAM = '''
#include "attempts.h"

int main(int argc, char **argv)
{
    return argc == 2 ? attempt(argv[1]) : 2;
}
'''


def restricted_build(place, folder):
    """The build folder once more, with a coild that restricts itself before it begins."""
    sandbox = os.path.join(folder, "sandbox.py")
    shutil.copy(os.path.join(HERE, "sandbox.py"), sandbox)
    build = os.path.join(folder, "build")
    for name in ("bin", "lib", "libexec", "include", "share"):
        shutil.copytree(os.path.join(place.build, name), os.path.join(build, name), symlinks=True)
    os.makedirs(os.path.join(folder, "real", "bin"))
    os.symlink("../build/libexec", os.path.join(folder, "real", "libexec"))
    real = os.path.join(folder, "real", "bin", "coild")
    coild = os.path.join(build, "bin", "coild")
    os.rename(coild, real)
    with open(coild, "w") as file:
        file.write(WRAPPER % (sandbox, os.path.join(folder, "restrictions"), folder, real))
    os.chmod(coild, 0o755)
    return build


def check_restrictions(place, build, folder):
    """None of it comes from the test's own rights: in-process the same program may do some of that."""
    environment = {"COIL_SOCKET": os.path.join(folder, "coild.sock")}
    place.write("build.py", BUILD_SCRIPT)
    place.write("main.c", PROGRAM)
    place.run(os.path.join(build, "bin", "coil-stubgen"), "build.py")
    place.run("cc", "main.c", "attempts.so", "-Wl,-rpath,$ORIGIN", "-o", "main")
    try:
        place.run("./main", "1 + 1", stdout="done\n", env=environment)
        for code, reason in TRIALS:
            done = place.run("./main", code, env=environment, status=None)
            place.expect(done.status == 1 and reason in done.stdout, "%s: no %r, but status %d and: %s%s" % (
                code, reason, done.status, done.stdout, done.stderr))
        done = place.run("./main", TRIALS[1][0], env={"COIL_MODE": "inprocess"}, stdout="done\n")
    finally:
        place.run(os.path.join(build, "bin", "coilctl"), "stop", env=environment, status=None)


def restrict(place, folder, *without):
    """From now on as the unit says, but for some lines."""
    with open(place.installed("lib", "systemd", "system", "coild.service")) as file:
        place.write("coild.service", "".join(line for line in file if line.strip() not in without))
    place.run("python3", "-B", os.path.join(HERE, "sandbox.py"), "compile", place.path("coild.service"),
              os.path.join(folder, "restrictions"), *[line.split("=")[0] for line in without])


def run_cases(place, folder, build, names):
    """How many passed, and {case: its report} of those that failed."""
    exactly = ",".join("[%s]%s" % (name[0], name[1:]) for name in names)
    done = place.run("/usr/bin/python3", "-B", os.path.join(place.root, "tests", "run.py"), "--build", build, "--mode", "daemon",
                     "-k", exactly, "-j", str(len(os.sched_getaffinity(0)) + 2), env={"TMPDIR": os.path.join(folder, "t")},
                     status=None, timeout=280)
    count = re.search(r"^end to end: (\d+) passed", done.stdout, flags=re.MULTILINE)
    place.expect(count, "the cases did not run:\n" + done.stdout + done.stderr)
    reports = re.split(r"^(?=(?:ok|FAIL|skip) )", done.stdout, flags=re.MULTILINE)
    return int(count.group(1)), {report.split()[1]: report for report in reports if report.startswith("FAIL ")}


def run(place):
    place.need("systemd-analyze", "systemd")
    if os.geteuid() != 0 or place.run("unshare", "--mount", "--net", "--ipc", "true", status=None).status != 0:
        raise support.Skip("only root can put a process under these restrictions")
    folder = tempfile.mkdtemp(prefix="coil-", dir="/tmp")  # short, for the paths of sockets
    try:
        os.chmod(folder, 0o755)
        os.mkdir(os.path.join(folder, "t"), 0o755)
        build = restricted_build(place, folder)
        restrict(place, folder)
        check_restrictions(place, build, os.path.join(folder, "t"))
        names = {name for name in os.listdir(os.path.join(place.root, "tests", "e2e")) if not name.startswith(LEFT_OUT_AS)}
        names -= LEFT_OUT | {"README.md"}
        passed, failed = run_cases(place, folder, build, sorted(names if place.is_long else names - SLOW))
        place.expect(passed >= 100, "only %d cases passed" % passed)
        problems = failed
        if problems:
            raise support.Failure("under the restrictions these fail: %s\n%s" % (
                " ".join(sorted(problems)), "\n".join(problems.values())))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
