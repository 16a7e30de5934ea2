"""A system daemon runs what was registered with it, for those who may, and nothing that a program brings along."""
import os
import shutil
import subprocess

import peer
import system

GROUP = 54339


def refused(case, result, regex):
    case.check(result, "0\n0\n", None)
    case.matches(result.stderr, r"coil: plugin\.add\(\): " + regex + r".*; the call returned its error value\n")


def registering(case, daemon):
    """What it says, and what it makes; of a library, a descriptor and a build script it is the same."""
    made = daemon.path("modules", "plugin.coil")
    with open(made, "rb") as file:
        image = file.read()
    case.equal(os.stat(made).st_mode & 0o777, 0o644, "mode of the descriptor")
    name = peer.siphash128(image).hex()
    for what in ("plugin.so", "plugin.coil", "build.py"):
        shutil.rmtree(daemon.modules)
        result = daemon.register(what)
        case.equal(result.stdout, "module 'plugin' (%s) is registered as %s: coilctl --system reload lets the system's daemon serve it\n"
                   % (name[:16], made), "what is said of " + what)
        with open(made, "rb") as file:
            case.equal(file.read() == image, True, "the descriptor out of " + what)
    for arguments, words in ((("--into", "x", "plugin.so"), "--into says where --register puts"),
                             (("--register", "--in-process-only", "build.py"), "for no daemon"),
                             (("--register", "--into", "/proc/nowhere", "plugin.so"), "plugin' cannot be registered")):
        result = case.stubgen(*arguments, check=False)
        case.expect(result.status != 0, "coil-stubgen %s: status 0" % " ".join(arguments))
        case.matches(result.stderr, words, "stderr")
    not_ours = case.path("not_ours.so")
    shutil.copy("/proc/self/exe", not_ours)
    result = case.stubgen("--register", "--into", daemon.modules, not_ours, check=False)
    case.matches(result.stderr, r"not_ours\.so is no stub library")


def registered(case, daemon):
    made = daemon.path("modules", "plugin.coil")
    with open(made, "rb") as file:
        image = file.read()
    for user in (system.FIRST, system.SECOND):
        case.check(daemon.run(user), "42\n0\n")

    os.unlink(made)
    case.equal(daemon.reload().status, 0, "reload without the module")
    refused(case, daemon.run(system.FIRST), r"the module is not registered with the system's daemon: have it registered \(coil-stubgen "
            r"--register\)")
    case.matches(daemon.log(), r'client pid \d+ uid %d: module "plugin": the module is not registered' % system.FIRST)

    # The same module, built from other code: neither its programs nor others get the wrong one.
    with open(made, "wb") as file:
        file.write(image.replace(b"return x + y", b"return x - y"))
    case.equal(daemon.reload().status, 0, "reload with another build")
    refused(case, daemon.run(system.SECOND), "another version of the module is registered")
    case.matches(daemon.log(), r'client pid \d+ uid %d: module "plugin": another version' % system.SECOND)

    # Both of them: files may have any name.
    with open(daemon.path("modules", "plugin-next.coil"), "wb") as file:
        file.write(image)
    case.equal(daemon.reload().status, 0, "reload with both builds")
    case.check(daemon.run(system.SECOND), "42\n0\n")
    os.unlink(daemon.path("modules", "plugin-next.coil"))
    daemon.register("plugin.so")
    case.equal(daemon.reload().status, 0, "reload with the module again")


def brought_along(case, daemon):
    """Whatever a program offers of Python, paths and code has no effect, or ends the connection."""
    astray = daemon.path("astray")
    os.mkdir(astray, 0o755)
    with open(os.path.join(astray, "sitecustomize.py"), "w") as file:
        file.write("import os\nos.environ['ASTRAY'] = 'astray'\n")
    python = os.path.join(astray, "python3")
    os.symlink("/usr/bin/python3", python)
    case.check(daemon.run(system.FIRST, env={"COIL_PYTHON": python, "PYTHONPATH": astray, "PYTHONHOME": astray, "PATH": astray,
                                             "PYTHONSTARTUP": astray, "LD_PRELOAD": None}), "42\n0\n")
    refused(case, daemon.run(system.FIRST, env={"COIL_INTERPRETER": "private"}), "a system daemon has no Python for a single program: "
            "unset COIL_INTERPRETER")
    with open(daemon.path("modules", "plugin.coil"), "rb") as file:
        image = file.read()
    own = image.replace(b"return x + y", b"return x * y")
    attach = {"message": "attach", "request": 1, "protocol": peer.protocol(), "version": "0.1.0", "python": python,
              "environment": ["LD_PRELOAD=" + astray, "PYTHONPATH=" + astray], "cwd": astray, "private_to": 0, "name": "plugin",
              "hash": peer.siphash128(image)}

    def speak():
        answers = []
        with peer.Wire(daemon.socket) as wire:
            answers.append(wire.ask(attach)[0]["message"])
        with peer.Wire(daemon.socket) as wire:
            answers.append(wire.ask({**attach, "hash": peer.siphash128(own)})[0]["text"])
            wire.send({"message": "descriptor", "request": 1, "hash": peer.siphash128(own), "descriptor": own})
            answers.append(wire.ended()["text"])
        return answers

    heard = system.as_user(system.SECOND, speak)
    case.equal(heard[0], "attached", "the answer to an attach with an environment")
    case.matches(heard[1], "another version of the module is registered")
    case.matches(heard[2], "not a request")
    case.matches(daemon.log(), r"client pid \d+ uid %d: .*it is disconnected: it sent a message that is not a request" % system.SECOND)
    # Nobody's environment has made another worker: all of it ran in the one; those that reloads have replaced may be leaving.
    case.wait_for(lambda: daemon.coilctl("status").stdout.count("\nworker:") == 1, "one worker is left")
    case.check(daemon.run(system.FIRST), "42\n0\n")


def allowed(case, daemon):
    daemon.configure("[module plugin]\nallow-users = %d\nallow-groups = %d\n" % (system.FIRST, GROUP))
    case.equal(daemon.reload().status, 0, "reload with a list of users")
    case.check(daemon.run(system.FIRST), "42\n0\n")
    refused(case, daemon.run(system.SECOND), r"user %d, of group %d, may not use the module" % (system.SECOND, system.SECOND))
    case.check(daemon.run(system.SECOND, groups=[GROUP]), "42\n0\n")
    case.matches(daemon.log(), r'client pid \d+ uid %d: module "plugin": user %d, of group' % (system.SECOND, system.SECOND))


def spread(case, daemon):
    """interpreters = 2: the third program shares."""
    daemon.configure("[module plugin]\ninterpreters = 2\n")
    case.equal(daemon.reload().status, 0, "reload with two interpreters")
    programs = [daemon.popen(user, "stay", stdin=subprocess.PIPE) for user in (system.FIRST,) for _ in range(1)]
    workers = [int(programs[0].stdout.readline())]
    for user in (system.SECOND, system.FIRST, system.SECOND):
        programs.append(daemon.popen(user, "stay", stdin=subprocess.PIPE))
        workers.append(int(programs[-1].stdout.readline()))
    case.equal(sorted(workers.count(worker) for worker in set(workers)), [2, 2], "programs in each worker")
    for program in programs:
        case.check(case.finish(program), "")


def mistakes(case, daemon):
    """A folder or file that is not the administrator's alone is not read; the daemon goes on with what it had."""
    made = daemon.path("modules", "plugin.coil")
    trials = [
        (lambda: os.chmod(made, 0o666), lambda: os.chmod(made, 0o644), r"modules/plugin\.coil: others may write it: chmod go-w it"),
        (lambda: os.chown(made, system.FIRST, 0), lambda: os.chown(made, 0, 0), r"modules/plugin\.coil: it belongs neither to root nor"),
        (lambda: os.chmod(daemon.modules, 0o777), lambda: os.chmod(daemon.modules, 0o755), r"modules: others may write it"),
        (lambda: os.chown(daemon.modules, system.FIRST, 0), lambda: os.chown(daemon.modules, 0, 0), r"modules: it belongs neither"),
        (lambda: os.symlink(made, made + "2.coil"), lambda: os.unlink(made + "2.coil"), r"2\.coil: it is a symbolic link"),
        (lambda: os.mkfifo(made + "2.coil"), lambda: os.unlink(made + "2.coil"), r"2\.coil: it is not a file"),
        (lambda: shutil.copy("/etc/passwd", made + "2.coil"), lambda: os.unlink(made + "2.coil"), r"2\.coil: it is no descriptor"),
    ]
    for wrong, right, words in trials:
        wrong()
        try:
            result = daemon.run(system.DAEMON, "--system", "--check-config", "--modules", daemon.modules,
                                "--config", daemon.path("coild.conf"), program=os.path.join(case.build, "bin", "coild"))
            case.equal(result.status, 1, "status of --check-config")
            case.matches(result.stderr, "^coild: /.*" + words)
            case.equal(result.stderr.count("\n"), 1, "lines of --check-config")
            result = daemon.reload()
            case.equal(result.status, 1, "status of coilctl reload")
            case.matches(result.stdout, words)
        finally:
            right()
        case.check(daemon.run(system.FIRST), "42\n0\n")
    result = daemon.run(system.DAEMON, "--system", "--check-config", "--modules", daemon.modules, "--config", daemon.path("coild.conf"),
                        program=os.path.join(case.build, "bin", "coild"))
    case.check(result, None)
    case.matches(result.stdout, "nothing is wrong with 1 registered module\n")


def run(case):
    with system.Daemon(case, start=False) as daemon:
        registering(case, daemon)
        daemon.start("--config", daemon.configure(""))
        for part in (registered, brought_along, allowed, spread, mistakes):
            part(case, daemon)
