"""A system daemon with users of its own: what cases about several users have in common.

    with system.Daemon(case) as daemon:         coild --system, as a user of its own; the case's module is registered
        result = daemon.run(system.FIRST, ...)  the case's program, as another one

Only root can be several users.  What belongs to the daemon lies in a folder that all of them reach.
"""
import json
import os
import shutil
import subprocess
import tempfile

import case as support

DAEMON, FIRST, SECOND = 54330, 54331, 54332


def need_root(what="programs of several users"):
    if os.geteuid() != 0:
        raise support.Skip("only root can run " + what)


def as_user(user, function, groups=()):
    """Calls the function in a child of this user; what it returns, through JSON."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            os.setgroups(list(groups))
            os.setgid(user)
            os.setuid(user)
            result = [True, function()]
        except BaseException as error:
            result = [False, repr(error)]
        os.write(writing, json.dumps(result).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as file:
        text = file.read()
    os.waitpid(pid, 0)
    good, value = json.loads(text or '[false, "it ended without a result"]')
    if not good:
        raise support.Failure("as user %d: %s" % (user, value))
    return value


class Daemon:
    def __init__(self, case, *options, start=True, modules=None):
        need_root()
        self.case = case
        self.folder = tempfile.mkdtemp(prefix="coil-system-", dir="/tmp")  # short, for the paths of sockets
        os.chmod(self.folder, 0o755)
        self.run_folder = os.path.join(self.folder, "run")
        self.socket = os.path.join(self.run_folder, "coild.sock")
        os.mkdir(self.run_folder, 0o755)
        os.chown(self.run_folder, DAEMON, DAEMON)
        self.log_path = os.path.join(case.run_folder, "coild.log")
        self.modules = self.path("modules")
        self.process = None
        self.take(case.program, *case.libraries())
        self.register(*(case.libraries() if modules is None else modules))
        if start:
            self.start(*options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            if self.process:
                self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- files that every user reads ----

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def take(self, *files):
        for file in files:
            shutil.copy(file, self.folder)
            os.chmod(self.path(os.path.basename(file)), 0o755)

    def register(self, *files):
        return self.case.stubgen("--register", "--into", self.modules, *files)

    # ---- the daemon ----

    def start(self, *options):
        with open(self.log_path, "ab") as log:
            self.process = self.case.popen("--system", "--socket", self.socket, "--log", "-", "--modules", self.modules, *options,
                                           program=os.path.join(self.case.build, "bin", "coild"), stdin=subprocess.DEVNULL,
                                           stdout=log, stderr=log, cwd="/", user=DAEMON, group=DAEMON, extra_groups=[])
        self.case.wait_for(lambda: os.path.exists(self.socket) or self.process.poll() is not None, "the daemon listens")
        if self.process.poll() is not None:
            raise support.Failure("the daemon did not start:\n" + self.log())

    def stop(self):
        self.case.equal(self.coilctl("stop").status, 0, "coilctl stop, as root")
        self.case.equal(self.process.wait(30 * self.case.slow), 0, "status of coild")
        self.process = None

    def reload(self):
        return self.coilctl("reload")

    def configure(self, text):
        """The configuration file for --config, which has to be there before the daemon starts."""
        with open(self.path("coild.conf"), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path("coild.conf")

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def coilctl(self, *arguments, user=0):
        return self.run(user, *arguments, program=os.path.join(self.case.build, "bin", "coilctl"))

    # ---- programs ----

    def popen(self, user, *arguments, program=None, groups=(), env=None, **options):
        environment = {"COIL_SOCKET": self.socket}
        environment.update(env or {})
        return self.case.popen(*arguments, program=program or self.path("main"), env=environment, cwd="/", user=user,
                               group=user, extra_groups=list(groups), **options)

    def run(self, user, *arguments, timeout=30, **options):
        return self.case.finish(self.popen(user, *arguments, **options), timeout)
