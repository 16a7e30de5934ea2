"""Which daemon serves a program: the system's for what is registered there, else its user's own; and who has no choice."""
import ctypes
import os
import shutil
import socket
import subprocess

import case as support
import system

SERVICE = 987  # a number that stands for a service
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000
PLACE = "/run/coil"


def own_run_folder():
    """/run of this case alone."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) < 0 or libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) < 0 or \
            libc.mount(b"tmpfs", b"/run", b"tmpfs", 0, b"mode=755") < 0:
        raise support.Skip("no /run of its own can be made here")
    os.mkdir(PLACE, 0o755)
    os.chown(PLACE, system.DAEMON, system.DAEMON)


class Choice(system.Daemon):
    """At the usual place, and programs that are told nothing."""

    def __init__(self, case, *arguments, **options):
        super().__init__(case, *arguments, **options)
        self.run_folder, self.socket = PLACE, PLACE + "/coild.sock"
        self.own = {}
        for user in (system.FIRST, SERVICE):
            self.own[user] = self.path("own-%d" % user)
            os.mkdir(self.own[user], 0o700)
            os.chown(self.own[user], user, user)

    def environment(self, user, **more):
        return {"COIL_SOCKET": None, "XDG_RUNTIME_DIR": self.own[user], "HOME": self.own[user], **more}

    def call(self, user, *modules, program=None, **more):
        return self.run(user, *modules, program=program, env=self.environment(user, **more))

    def stop_own(self, user):
        self.case.equal(self.run(user, "stop", program=os.path.join(self.case.build, "bin", "coilctl"),
                                 env=self.environment(user)).status, 0, "coilctl stop, of user %d" % user)

    def has_own(self, user):
        return os.path.exists(os.path.join(self.own[user], "coil", "coild.sock"))


def both(case, daemon):
    first = system.FIRST
    case.check(daemon.call(first, "plugin"), "plugin %d\n" % system.DAEMON)
    case.equal(daemon.has_own(first), False, "a daemon of the user's own, where the system's serves the module")
    # What is not registered there is the user's own affair, whichever of the two comes first.
    case.check(daemon.call(first, "other", "plugin"), "other %d\nplugin %d\n" % (first, system.DAEMON))
    case.check(daemon.call(first, "plugin", "other"), "plugin %d\nother %d\n" % (system.DAEMON, first))
    case.equal(daemon.has_own(first), True, "a daemon of the user's own")
    # Whoever names a daemon gets that one.
    case.check(daemon.run(first, "plugin", env=daemon.environment(first, COIL_SOCKET=daemon.own[first] + "/coil/coild.sock")),
               "plugin %d\n" % first)
    result = daemon.run(first, "other", env=daemon.environment(first, COIL_SOCKET=daemon.socket))
    case.check(result, "other 0\n", None)
    case.matches(result.stderr, "coil: other.other_user\\(\\): the module is not registered")


def services(case, daemon):
    """A system user without a home: nobody would look after a daemon of its own."""
    case.check(daemon.call(SERVICE, "plugin", HOME="/nonexistent"), "plugin %d\n" % system.DAEMON)
    for home in ("/nonexistent", None, "/"):
        result = daemon.call(SERVICE, "other", HOME=home)
        case.check(result, "other 0\n", None)
        case.matches(result.stderr, r"other_user\(\): the module is not registered with the system's daemon")
    result = daemon.run(SERVICE, "other", env=daemon.environment(SERVICE, HOME=None, COIL_SOCKET=daemon.own[SERVICE] + "/s"))
    case.matches(result.stderr, "no daemon listens at .*, and a system user without a home folder starts none")
    case.equal(os.listdir(daemon.own[SERVICE]), [], "what there is of a daemon of its own")
    case.check(daemon.call(SERVICE, "other"), "other %d\n" % SERVICE)
    daemon.stop_own(SERVICE)


def setuid(case, daemon):
    if case.sanitize:
        return  # a sanitizer's runtime does not start in setuid programs here
    program = daemon.path("setuid")
    case.compile("main.c", program, daemon.path("plugin.so"), daemon.path("other.so"), "-Wl,--allow-shlib-undefined", link=False)
    os.chown(program, system.SECOND, system.SECOND)
    os.chmod(program, 0o4755)
    result = daemon.call(system.FIRST, "plugin", "other", program=program, COIL_SOCKET="/nonsense")
    if result.status in (126, 127) or "cannot open shared object" in result.stderr:
        return
    case.check(result, "plugin %d\nother 0\n" % system.DAEMON, None)
    case.matches(result.stderr, r"^coil: other\.other_user\(\): the module is not registered")


def without(case, daemon):
    """Nobody listens, or somebody who has no right to."""
    first = system.FIRST
    daemon.stop()
    case.check(daemon.call(first, "plugin"), "plugin %d\n" % first)
    result = daemon.call(SERVICE, "plugin", HOME="/nonexistent")
    case.check(result, "plugin 0\n", None)
    case.matches(result.stderr, "no daemon that serves the module listens at /run/coil/coild.sock, and a system user without a "
                 "home folder uses no other: enable coild.socket and register the module")
    ready, done = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(daemon.socket)
        os.chmod(daemon.socket, 0o777)
        os.setgid(SERVICE)
        os.setuid(SERVICE)
        listener.listen(5)
        os.write(ready[1], b"x")
        os.close(done[1])
        os.read(done[0], 1)
        os._exit(0)
    os.close(done[0])
    os.read(ready[0], 1)
    try:
        case.check(daemon.call(first, "plugin"), "plugin %d\n" % first)
    finally:
        os.close(done[1])
        os.waitpid(pid, 0)
        for fd in ready:
            os.close(fd)
    daemon.stop_own(first)


def run(case):
    system.need_root()
    own_run_folder()
    with Choice(case, start=False, modules=["plugin.so"]) as daemon:
        daemon.start()
        for part in (both, services, setuid, without):
            part(case, daemon)
