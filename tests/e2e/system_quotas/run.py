"""What one user takes of a system daemon, another one has all the same; who takes too much is named."""
import multiprocessing
import os
import signal
import subprocess
import time

import peer
import system

LIMITS = """[daemon]
user-connections = 24
user-programs = 4
user-threads = 12
message-rate = 100
handshake-timeout = 2
"""


def hold(daemon, user, threads):
    program = daemon.popen(user, "hold", threads, stdin=subprocess.PIPE)
    return program, int(program.stdout.readline())


def leave(case, *programs):
    for program in programs:
        case.finish(program)
    # What a program had is given back a moment after its end.


def quiet(case, daemon):
    case.wait_for(lambda: "session:" not in daemon.coilctl("status").stdout, "all sessions have ended")


def programs(case, daemon):
    there = [hold(daemon, system.FIRST, 1) for _ in range(4)]
    case.equal([right for _, right in there], [1] * 4, "answers of as many programs as there may be")
    result = daemon.run(system.FIRST)
    case.check(result, "0\n", None)
    case.matches(result.stderr, r"user %d has 4 programs that use Python at once \(user-programs\) already" % system.FIRST)
    case.matches(daemon.log(), r"client pid \d+ uid %d: module \"plugin\": user %d has 4 programs" % ((system.FIRST,) * 2))
    others = [hold(daemon, system.SECOND, 1) for _ in range(4)]
    case.equal([right for _, right in others], [1] * 4, "the same of another user")
    leave(case, *(program for program, _ in there + others))


def threads(case, daemon):
    program, right = hold(daemon, system.FIRST, 20)
    case.equal(right, 12, "threads that had an answer, of 20")
    other, right = hold(daemon, system.SECOND, 12)
    case.equal(right, 12, "another user's threads meanwhile")
    leave(case, program, other)
    case.matches(daemon.log(), r"uid %d: .*12 threads of programs that use Python at once \(user-threads\)" % system.FIRST)


def connections(case, daemon):
    def take():
        wires = [peer.Wire(daemon.socket) for _ in range(30)]
        last = wires[-1].ended()["text"]
        os.write(writing, b"x")
        os.read(end[0], 1)
        return last

    (reading, writing), end = os.pipe(), os.pipe()
    told = multiprocessing.get_context("fork").SimpleQueue()
    child = multiprocessing.get_context("fork").Process(target=lambda: told.put(system.as_user(system.FIRST, take)))
    child.start()
    os.read(reading, 1)
    try:
        case.check(daemon.run(system.FIRST), "0\n", None)
        case.check(daemon.run(system.SECOND), "42\n")
    finally:
        os.write(end[1], b"x")
        text = told.get()
        child.join()
        for fd in (reading, writing, *end):
            os.close(fd)
    case.matches(text, r"user %d has 24 connections to the daemon \(user-connections\) already" % system.FIRST)
    case.matches(daemon.log(), r"uid %d: it is turned away: user %d has 24 connections" % ((system.FIRST,) * 2))


def shaking(case, daemon):
    """One that connects and says nothing is let go, whoever it is."""
    def wait():
        with peer.Wire(daemon.socket) as wire:
            return wire.ended()["text"]

    case.matches(system.as_user(system.FIRST, wait), "sent no whole message for long")


def ask_on(path):
    """A connection that never stops asking, and others that come and go."""
    question = peer.frame({"message": "status", "request": 1, "protocol": peer.protocol(), "version": "0.1.0"})
    while True:
        try:
            with peer.Wire(path) as wire:
                for _ in range(1000):
                    wire.send_raw(question * 10)
                    for _ in range(10):
                        wire.receive()
        except (EOFError, OSError):
            time.sleep(0.001)


def connect_on(path):
    while True:
        try:
            wires = [peer.Wire(path) for _ in range(100)]
            for wire in wires:
                wire.close()
        except (EOFError, OSError):
            time.sleep(0.001)


def start_on(daemon):
    """Programs that come and go."""
    def loop(_):
        while True:
            subprocess.run([daemon.path("main"), "hold", "8"], env={"COIL_SOCKET": daemon.socket}, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return loop


def flood(case, daemon):
    """All of it at once, by one user; the other one calls, and every call has its answer."""
    def be(what):
        os.setsid()  # so that it can be ended with all that it starts
        system.as_user(system.FIRST, lambda: what(daemon.socket))

    context = multiprocessing.get_context("fork")
    floods = [context.Process(target=be, args=(what,)) for what in (ask_on, connect_on, start_on(daemon))]
    caller = daemon.popen(system.FIRST, "flood", 4, stdin=subprocess.PIPE)
    for process in floods:
        process.start()
    try:
        caller.stdout.readline()
        case.check(daemon.run(system.SECOND, "call", 3000, timeout=60), "3000\n")
        for _ in range(5):
            case.check(daemon.run(system.SECOND, timeout=60), "42\n")
    finally:
        for process in floods:
            os.killpg(process.pid, signal.SIGKILL)
            process.join()
        case.finish(caller)
    case.equal(daemon.coilctl("status").status, 0, "coilctl status afterwards")
    case.matches(daemon.log(), r"uid %d: it is (turned away|refused|disconnected)" % system.FIRST)
    case.expect("uid %d: it is" % system.SECOND not in daemon.log(), "the other user was refused something:\n" + daemon.log())


def run(case):
    with system.Daemon(case, start=False) as daemon:
        daemon.start("--config", daemon.configure(LIMITS))
        case.check(daemon.run(system.FIRST), "42\n")
        for part in (programs, threads, connections, shaking, flood):
            quiet(case, daemon)
            part(case, daemon)
        quiet(case, daemon)
        case.check(daemon.run(system.FIRST), "42\n")
