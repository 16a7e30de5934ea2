"""What one user's flood does to another one's calls, beside what as many threads do that burn CPU without coil.

Figures are only shown: machines differ.  What must hold everywhere is that every call of the other user is answered, and
answered rightly.
"""
import multiprocessing
import os
import signal
import subprocess

import peer
import system

THREADS = 8
SECONDS = 1.5


def ask_on(path):
    question = peer.frame({"message": "status", "request": 1, "protocol": peer.protocol(), "version": "0.1.0"})
    while True:
        try:
            with peer.Wire(path) as wire:
                while True:
                    wire.send_raw(question * 10)
                    for _ in range(10):
                        wire.receive()
        except (EOFError, OSError):
            pass


def connect_on(path):
    while True:
        try:
            peer.Wire(path).close()
        except OSError:
            pass


class Flood:
    """Of one kind, by the first user, as long as it is open."""

    def __init__(self, case, daemon, kind):
        self.case, self.children, self.program = case, [], None
        if kind in ("burn", "call", "churn"):
            self.program = daemon.popen(system.FIRST, kind, THREADS, stdin=subprocess.PIPE)
            self.program.stdout.readline()
            return
        what = {"ask": ask_on, "connect": connect_on}[kind]
        context = multiprocessing.get_context("fork")

        def be():
            os.setsid()
            system.as_user(system.FIRST, lambda: what(daemon.socket))
        self.children = [context.Process(target=be) for _ in range(THREADS)]
        for child in self.children:
            child.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.program:
            self.case.finish(self.program)
        for child in self.children:
            os.killpg(child.pid, signal.SIGKILL)
            child.join()


def measure(case, daemon):
    result = daemon.run(system.SECOND, "measure", SECONDS * case.scale, timeout=60 + 2 * SECONDS * case.scale)
    case.equal(result.stderr, "", "stderr of the other user's program")
    count, wrong, half, most, longest = (float(word) for word in result.stdout.split())
    case.equal(wrong, 0.0, "wrong answers")
    case.expect(count > 0, "no call was answered")
    return count, half, most, longest


def run(case):
    with system.Daemon(case) as daemon:
        rows = [("alone", measure(case, daemon))]
        for kind in ("burn", "call", "churn", "ask", "connect"):
            with Flood(case, daemon, kind):
                rows.append((kind, measure(case, daemon)))
        burnt = dict(rows)["burn"][2]
        case.note("\n".join(["%-8s %9s %10s %10s %10s  %s" % ("beside", "calls", "half us", "99% us", "longest us", "99% to burn")] +
                            ["%-8s %9d %10.1f %10.1f %10.1f  %.2f" % (kind, *figures, figures[2] / burnt) for kind, figures in rows]))
        case.equal(daemon.coilctl("status").status, 0, "coilctl status afterwards")
