"""coild under a service manager: it takes the socket, and says when it is ready, reloads, stops, and that it is well."""
import os
import re
import select
import signal
import socket
import subprocess
import time

import case as support

WATCHDOG_S = 0.4
HEADER = "extern int twice(int x);\n"
INIT = "from plugin import ffi\n\n@ffi.def_extern()\ndef twice(x):\n    return 2 * x\n"
PROGRAM = '#include <stdio.h>\n#include "plugin.h"\nint main(void)\n{\n    return printf("%d\\n", twice(21)) < 0;\n}\n'


class Manager:
    """What systemd is to a daemon: it holds the socket, and hears the news."""

    def __init__(self, place, address=None):
        self.place = place
        self.path = os.path.join(place.run_folder, "coil.sock")
        self.notify_path = address or place.path("notify")
        self.news = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.news.bind("\0" + address[1:] if address else self.notify_path)
        self.process = None
        self.env = {"COIL_SOCKET": self.path, "COIL_AUTOSTART": "0", "COIL_MODE": "daemon"}

    def variables(self):
        return {"NOTIFY_SOCKET": self.notify_path, "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6))}

    def activate(self, *arguments, options=()):
        """systemd-socket-activate listens, and becomes coild when the first connection comes."""
        command = ["systemd-socket-activate", *options, "-l", self.path]
        for name, value in self.variables().items():
            command += ["-E", "%s=%s" % (name, value)]
        self.start(command + [self.place.installed("bin", "coild"), *arguments])
        deadline = time.monotonic() + 10
        while not os.path.exists(self.path):
            self.place.expect(time.monotonic() < deadline, "systemd-socket-activate does not listen")
            time.sleep(0.01)

    def start(self, command, env=None, pass_fds=()):
        self.log = open(self.place.path("log"), "w+")
        self.process = subprocess.Popen(command, env=dict(self.place.env, **(env or {})), stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, cwd=self.place.work, pass_fds=pass_fds)

    def hear(self, pattern, seconds=10):
        """Waits for a piece of news that matches, past all others."""
        deadline = time.monotonic() + seconds
        heard = []
        while time.monotonic() < deadline:
            if select.select([self.news], [], [], max(0, deadline - time.monotonic()))[0]:
                text = self.news.recv(4096).decode()
                if re.fullmatch(pattern, text):
                    return text
                heard.append(text)
        raise support.Failure("no news that match %r, but %r; the log:\n%s" % (pattern, heard, self.said()))

    def silent(self, seconds):
        while select.select([self.news], [], [], 0)[0]:
            self.news.recv(4096)
        return not select.select([self.news], [], [], seconds)[0]

    def said(self):
        with open(self.place.path("log")) as file:
            return file.read()

    def ended(self):
        status = self.process.wait(timeout=20)
        self.log.close()
        self.process = None
        return status

    def close(self):
        if self.process:
            self.process.kill()
            self.ended()
        self.news.close()
        for path in (self.path, self.notify_path):
            if os.path.exists(path):
                os.unlink(path)


def check_life(place, manager):
    ctl = place.installed("bin", "coilctl")
    manager.activate("--log", "-")
    place.run("./main", env=manager.env, stdout="42\n", stderr="")
    manager.hear("READY=1")
    manager.hear("WATCHDOG=1")
    place.expect(manager.path in place.run(ctl, "status", env=manager.env).stdout, "coilctl status does not name the socket")

    # It is alive, but its loop does not turn.
    os.kill(manager.process.pid, signal.SIGSTOP)
    silent = manager.silent(3 * WATCHDOG_S)
    os.kill(manager.process.pid, signal.SIGCONT)
    place.expect(silent, "signs of life come from a daemon that does nothing")
    manager.hear("WATCHDOG=1")

    place.run(ctl, "reload", env=manager.env)
    told = manager.hear(r"RELOADING=1\nMONOTONIC_USEC=\d+")
    place.expect(abs(int(told.split("=")[-1]) / 1e6 - time.monotonic()) < 60, "the time of the reload: " + told)
    manager.hear("READY=1")
    manager.process.send_signal(signal.SIGHUP)
    manager.hear(r"RELOADING=1\nMONOTONIC_USEC=\d+")
    manager.hear("READY=1")
    place.run("./main", env=manager.env, stdout="42\n", stderr="")

    place.run(ctl, "stop", env=manager.env, stdout="", stderr="")
    manager.hear("STOPPING=1")
    place.equal(manager.ended(), 0, "coild's status")
    place.expect(os.path.exists(manager.path), "the service manager's socket has been removed")
    place.expect(not os.path.exists(manager.path + ".lock"), "a lock file beside a socket that is somebody else's")
    os.unlink(manager.path)

    # coilctl is the first to come: whom it reaches at first is not whom it is to wait for.
    manager.activate("--log", "-")
    started = time.monotonic()
    place.run(ctl, "stop", env=manager.env, stdout="", stderr="")
    place.expect(time.monotonic() - started < 15, "coilctl stop waited for the service manager")
    place.equal(manager.ended(), 0, "coild's status")
    os.unlink(manager.path)


def check_refusals(place, manager):
    """What a unit file may have wrong: one line that says what to write."""
    def refused(pattern, *arguments, options=(), connect=socket.SOCK_STREAM):
        manager.activate(*arguments, options=options)
        with socket.socket(socket.AF_UNIX, connect) as client:
            client.connect(manager.path)
            client.send(b"x")
        status, text = manager.ended(), manager.said()
        os.unlink(manager.path)
        place.expect(status == 1 and re.search(pattern, text), "no %r, but status %d and:\n%s" % (pattern, status, text))

    refused("coild: --socket has no meaning .* leave it out", "--socket", "/tmp/x")
    refused("coild: the socket that coild was handed is not a Unix stream socket.*ListenStream=", options=["-d"],
            connect=socket.SOCK_DGRAM)
    refused("coild: coild listens at one socket, and has been handed 2: .*single ListenStream=",
            options=["-l", place.path("second")])
    os.unlink(place.path("second"))


def check_variables(place, manager):
    """An abstract address; a watchdog that is not meant for this process; sockets that are not."""
    coild = place.installed("bin", "coild")
    command = [coild, "--socket", manager.path, "--log", "-"]
    variables = dict(manager.variables(), WATCHDOG_PID="1", LISTEN_PID="1", LISTEN_FDS="1")
    manager.start(command, env=variables)
    manager.hear("READY=1")
    place.expect(manager.silent(2 * WATCHDOG_S), "signs of life for a watchdog that waits for another process's")
    place.run("./main", env=manager.env, stdout="42\n", stderr="")
    manager.process.terminate()
    manager.hear("STOPPING=1")
    place.equal(manager.ended(), 0, "coild's status")
    # Nobody hears it, or it makes no sense.
    for address in (place.path("nobody"), "relative", "@", ""):
        manager.start(command, env={"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "x", "LISTEN_FDS": "-1"})
        place.run("./main", env=dict(manager.env, COIL_AUTOSTART=None), stdout="42\n", stderr="")
        place.run(place.installed("bin", "coilctl"), "stop", env=manager.env)
        place.equal(manager.ended(), 0, "coild's status with NOTIFY_SOCKET=" + address)


def run(place):
    place.need("systemd-socket-activate", "systemd")
    place.write("plugin.h", HEADER)
    place.write("init.py", INIT)
    place.write("main.c", PROGRAM)
    place.run(place.installed("bin", "coil-stubgen"), "plugin.h", "--module", "plugin", "--init", "init.py")
    place.run("cc", "main.c", "plugin.so", "-Wl,-rpath,$ORIGIN", "-o", "main")
    for part, address in ((check_life, None), (check_refusals, None), (check_variables, "@coil-test-%d" % os.getpid())):
        manager = Manager(place, address)
        try:
            part(place, manager)
        finally:
            manager.close()
