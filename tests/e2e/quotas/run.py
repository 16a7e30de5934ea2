"""What one user, and one connection, may take of the daemon: floods end at the bound, with words, and leave nothing behind."""
import os
import subprocess
import time

import peer

LIMITS = """[daemon]
user-connections = 24
user-programs = 4
user-threads = 12
message-rate = 100
handshake-timeout = 2
"""


def stay(case, count=1):
    program = case.popen(count, "stay", stdin=subprocess.PIPE)
    return program, int(program.stdout.readline())


def leave(case, *programs):
    return [case.finish(program) for program in programs]


def quiet(case):
    """Until nobody is there: what a program had is given back a moment after its end."""
    case.wait_for(lambda: "session:" not in case.coilctl("status").stdout, "all sessions have ended")


def programs(case):
    there = [stay(case) for _ in range(4)]
    case.equal([right for _, right in there], [1] * 4, "answers of as many programs as there may be")
    result = case.run()
    case.check(result, "0\n", "~ coil: plugin\\.add\\(\\): user %d has 4 programs that use Python at once \\(user-programs\\) already, "
               "which is the limit; the call returned its error value\n" % os.getuid())
    leave(case, there.pop()[0])
    case.wait_for(lambda: case.run().stdout == "1\n", "another program gets in when one has left")
    leave(case, *(program for program, _ in there))


def threads(case):
    program, right = stay(case, 20)
    case.equal(right, 12, "threads that had an answer, of 20")
    other, right = stay(case, 1)
    case.equal(right, 0, "another program's thread meanwhile")
    result, _ = leave(case, program, other)
    case.matches(result.stderr, r"plugin\.add\(\): .*12 threads of programs that use Python at once \(user-threads\) already")
    case.wait_for(lambda: case.run(12).stdout == "12\n", "all of them can be had again")


def connections(case):
    wires = []
    try:
        for _ in range(40):
            wires.append(peer.Wire(case.socket))
        told = 0
        for wire in wires[24:]:
            last = wire.ended()
            told += last is not None and "24 connections to the daemon (user-connections) already" in last["text"]
        case.equal(told, 16, "connections beyond the bound that were told")
        # Those within it say nothing, and do not stay for ever.
        case.wait_for(lambda: case.run().stdout == "1\n", "a program gets in when they have had their time", 20)
        last = wires[0].ended()
        case.expect(last and "sent no whole message for long" in last["text"], "the first one was told %r" % last)
    finally:
        for wire in wires:
            wire.close()


def descriptor(case, hello):
    """The handshake that stops half-way."""
    with peer.Wire(case.socket) as wire:
        answer, _ = wire.ask({**hello, "message": "attach", "python": "/usr/bin/python3", "environment": [], "cwd": "",
                              "private_to": 0, "name": "plugin", "hash": bytes(16)})
        case.equal(answer["message"], "send_descriptor", "the daemon's answer")
        last = wire.ended()
        case.expect(last and "asked for a descriptor" in last["text"], "it was told %r" % last)


def messages(case, hello):
    """A connection that never stops asking: its questions wait, and nobody else does."""
    question = peer.frame({**hello, "message": "status"})
    with peer.Wire(case.socket) as wire:
        end = time.monotonic() + 3
        answered = 0
        wire.send_raw(question * 40)
        while time.monotonic() < end:
            wire.receive()
            wire.send_raw(question)
            answered += 1
            if answered == 150:
                case.check(case.run(), "1\n")
        # Two seconds' worth at once, then a hundred each second; without a bound it would be tens of thousands.
        case.expect(150 <= answered <= 200 + 100 * 6 * case.slow, "%d questions were answered in three seconds" % answered)


def run(case):
    os.makedirs(case.path("config", "coil"))
    with open(case.path("config", "coil", "coild.conf"), "w") as file:
        file.write(LIMITS)
    case.env["XDG_CONFIG_HOME"] = case.path("config")
    case.check(case.run(), "1\n")
    with open(os.path.join(os.path.dirname(peer.__file__), "..", "proto", "version.h")) as file:
        hello = {"request": 1, "protocol": int(file.read().split("COIL_PROTOCOL ")[1].split()[0]), "version": "0.1.0"}
    for part in (programs, threads, connections):
        quiet(case)
        part(case)
    descriptor(case, hello)
    messages(case, hello)
    quiet(case)
