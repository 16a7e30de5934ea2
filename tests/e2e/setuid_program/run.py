"""A setuid program takes nothing from its environment, and starts no daemon; it says so."""
import os
import shutil
import subprocess
import tempfile

import case as support

OWNER, CALLER = 54321, 54322


def run(case):
    case.check(case.run(), "not secure\n42\n")
    if os.geteuid() != 0:
        raise support.Skip("only root can make programs setuid")
    if case.sanitize:
        raise support.Skip("a sanitizer's runtime does not start in setuid programs here")
    folder = tempfile.mkdtemp(prefix="coil-setuid-")
    try:
        os.chmod(folder, 0o755)
        shutil.copy(case.path("plugin.so"), folder)
        program = os.path.join(folder, "main")
        # $ORIGIN means nothing in setuid programs.
        case.compile("main.c", program, os.path.join(folder, "plugin.so"), "-Wl,--allow-shlib-undefined", link=False)
        os.chown(program, OWNER, OWNER)
        os.chmod(program, 0o4755)
        env = dict(case.env)
        env.update({"COIL_MODE": "inprocess", "COIL_SOCKET": "/nonsense", "COIL_ON_ERROR": "abort", "COIL_CHECK": "nonsense",
                    "XDG_RUNTIME_DIR": "/nonsense"})
        done = subprocess.run([program], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              user=CALLER, group=CALLER, extra_groups=[], text=True, timeout=20 * case.slow, cwd="/")
        if done.returncode in (126, 127) or "not secure" in done.stdout or "cannot open shared object" in done.stderr:
            raise support.Skip("setuid programs, or the build folder, cannot be used by others here")
        case.equal(done.stdout, "secure\n0\n", "stdout")
        case.equal(done.stderr, "coil: plugin.add(): no daemon that serves the module listens at /run/coil/coild.sock, and a "
                   "setuid program uses no other: enable coild.socket and register the module (coil-stubgen --register); the "
                   "call returned its error value\n", "stderr")
        case.expect(not os.path.exists("/tmp/coil-%d" % OWNER), "a folder was made")
    finally:
        shutil.rmtree(folder)
