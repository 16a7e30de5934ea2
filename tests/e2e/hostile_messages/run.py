"""Nonsense, and messages that are almost right: cut, changed, repeated, out of turn, with the wrong file descriptors, or carrying
descriptors that are damaged.  Each ends in words or in the connection's end, and the log names who sent it."""
import os
import random
import re
import socket
import struct

import peer

HASH = bytes(16)
# One good message of every kind a client could think of.
KINDS = {
    "descriptor": {"request": 1, "hash": HASH, "descriptor": b"x"},
    "module": {"request": 1, "name": "plugin", "hash": HASH},
    "channel": {"request": 1, "session": 1, "channel": 1},
    "send_descriptor": {"request": 1, "hash": HASH},
    "done": {"request": 1},
    "failed": {"request": 1, "code": 1, "text": "no"},
    "load": {"request": 1, "hash": HASH, "descriptor": b"x"},
    "session": {"request": 1, "session": 1, "pid": 1, "base": 1 << 45},
    "close": {"request": 1, "session": 1},
    "ready": {"protocol": 1, "version": "1"},
    "report": {"request": 1, "text": "all is well"},
}


def disconnections(case):
    with open(os.path.join(case.run_folder, "coild.log"), encoding="utf-8", errors="replace") as file:
        return len(re.findall(r"client pid %d uid %d: (?:module \"[^\"]*\": )?it is disconnected: " % (os.getpid(), os.getuid()), file.read()))


def send_alone(case, data, fds=()):
    """Sends bytes on a connection of their own, and returns the last words; the daemon must end it."""
    with peer.Wire(case.socket) as wire:
        try:
            wire.send_raw(data, fds)
            wire.socket.shutdown(socket.SHUT_WR)
        except ConnectionError:
            return None
        try:
            return wire.ended()
        except socket.timeout:
            case.expect(False, "the daemon neither answered nor closed after %r" % data[:60])


def refused(case, data, what, fds=()):
    """The same for what must be refused, with words to the sender and in the log."""
    before = disconnections(case)
    last = send_alone(case, data, fds)
    case.expect(last and last["message"] == "failed" and last["text"], "%s was not refused: %r" % (what, last))
    case.wait_for(lambda: disconnections(case) > before, "%s: the log names the client" % what)


def nonsense(case, generator):
    bodies = [b"", b"\xc1", b"\x80", b"\x81\xa7message", b"\xdf\xff\xff\xff\xff", b"\x91" * 5000, b"\xdb\x7f\xff\xff\xff",
              b"\x81\xa7message\xa6attach", b"\x82\xa7message\xa4done\xa7request\x01"]
    bodies += [generator.randbytes(generator.randrange(1, 200)) for _ in range(100 * case.scale)]
    frames = [struct.pack("<I", len(body)) + body for body in bodies]
    frames += [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x10\0\0\0", b"\x01", struct.pack("<I", 16 << 20)]
    for data in frames:
        # Surplus fds must be closed by the receiver.
        last = send_alone(case, data, [0, 0, 0])
        case.expect(last is None or last["message"] == "failed", "%r was answered with %r" % (data[:60], last))


def out_of_turn(case, offer):
    for name, keys in KINDS.items():
        last = send_alone(case, peer.frame({"message": name, **keys}))
        case.expect(last is None or last["message"] == "failed", "%s was answered with %r" % (name, last))
    with peer.Peer(case, offer) as p:
        for message, what in (
                (offer.attach, "attaching again"),
                ({"message": "channel", "request": 9, "session": p.session - 1, "channel": 1}, "another's session"),
                ({"message": "channel", "request": 9, "session": p.session, "channel": 1 << 40}, "a channel beyond all")):
            answer, _ = p.wire.ask(message)
            case.equal((answer["message"], answer["request"]), ("failed", message["request"]), what)
        # The session is as good as before.
        channel = p.channel(1)
        case.equal(channel.call(0, struct.pack("=ii", 40, 2)).payload, struct.pack("=i", 42), "a call")
        # Whoever has not got the answer asks again, and the channel is what it was.
        answer, _ = p.wire.ask({"message": "channel", "request": 10, "session": p.session, "channel": 1})
        case.equal((answer["message"], answer["request"]), ("done", 10), "a channel that is there")
        case.equal(channel.call(0, struct.pack("=ii", 40, 3)).payload, struct.pack("=i", 43), "a call in it")


def changed_forms(case, offer):
    """The attach message with one thing wrong."""
    good = offer.attach
    for key in good:
        refused(case, peer.frame({k: v for k, v in good.items() if k != key}), "attach without " + key)
        for value in (0, "text", b"bytes", ["list"], {"a": "map"}):
            if not isinstance(value, type(good[key])):
                refused(case, peer.frame({**good, key: value}), "attach with %s = %r" % (key, value))
    refused(case, peer.frame({**good, "code": 1}), "attach with a key too many")
    refused(case, peer.frame({**good, "name": "plu\0gin"}), "attach with a NUL in a text")
    refused(case, peer.frame({**good, "environment": ["PYTHONPATH=x"] * 5000}), "attach with a long list")
    refused(case, peer.frame({**good, "hash": bytes(15)}), "attach with a short hash")
    body = peer.pack(good)
    twice = bytes([body[0] + 1]) + body[1:] + peer.pack("request") + peer.pack(1)
    refused(case, struct.pack("<I", len(twice)) + twice, "attach with a key twice")
    for size in (0, 1 << 31, 0xffffffff):
        refused(case, struct.pack("<I", size), "a length of %d" % size)


def cut_and_changed(case, offer, generator):
    whole = peer.frame(offer.attach)
    for size in range(0, len(whole), 7):
        case.expect(send_alone(case, whole[:size]) is None, "a message that ended in the middle was answered")
    for _ in range(200 * case.scale):
        data = bytearray(whole)
        for _ in range(generator.choice((1, 1, 2, 5))):
            data[generator.randrange(4, len(data))] = generator.randrange(256)
        # It may still be a request: then it is answered as one, with a question or a refusal.
        last = send_alone(case, bytes(data))
        case.expect(last is None or last["message"] in ("failed", "send_descriptor", "attached"), "answered %r" % last)


def wrong_fds(case, offer):
    whole = peer.frame(offer.attach)
    with socket.socket(socket.AF_UNIX) as other, open("/dev/zero", "rb") as zero:
        for fds in ([0], [0] * 6, [0] * 253, [other.fileno()], [zero.fileno()] * 5):
            refused(case, whole, "attach with %d file descriptors" % len(fds), fds)
    # A connection that is sent through itself keeps itself alive, if its receiver lets it.
    with peer.Wire(case.socket) as wire:
        wire.send_raw(whole, [wire.socket.fileno()])
        case.expect(wire.ended() is not None, "a connection through itself was not refused")
    # File descriptors with every byte.
    with peer.Wire(case.socket) as wire:
        try:
            for i in range(len(whole)):
                wire.send_raw(whole[i:i + 1], [0])
        except ConnectionError:
            pass
        case.expect((wire.ended() or {"message": "failed"})["message"] == "failed", "fds all over were taken")


def offer_descriptor(case, offer, descriptor, claimed, name):
    """Attaches with another descriptor; the answer."""
    with peer.Wire(case.socket) as wire:
        attach = {**offer.attach, "hash": claimed, "name": name}
        answer, fds = wire.ask(attach)
        if answer["message"] == "send_descriptor":
            answer, fds = wire.ask({"message": "descriptor", "request": attach["request"], "hash": claimed,
                                    "descriptor": descriptor})
        for fd in fds:
            os.close(fd)
        return answer


def damaged_descriptors(case, offer, generator):
    good = offer.descriptor
    name = offer.attach["name"]
    for descriptor, claimed, called, what in (
            (good, bytes(range(16)), name, "another hash"),
            (good[:-8], peer.siphash128(good[:-8]), name, "a cut descriptor"),
            (b"", peer.siphash128(b""), name, "an empty descriptor"),
            (bytes(9 << 20), HASH, name, "a descriptor that is too large")):
        answer = offer_descriptor(case, offer, descriptor, claimed, called)
        case.expect(answer["message"] == "failed" and answer["text"], "%s: %r" % (what, answer))
    # One changed word each.  What is accepted is loaded by a worker of its own: its hash is another.
    refusals = 0
    for _ in range(60 * case.scale):
        bad = bytearray(good)
        at = generator.randrange(8, len(bad) // 4) * 4
        struct.pack_into("<I", bad, at, generator.choice((0, 1, 0x7fffffff, 0xffffffff, generator.getrandbits(32))))
        answer = offer_descriptor(case, offer, bytes(bad), peer.siphash128(bytes(bad)), name)
        case.expect(answer["message"] in ("failed", "attached"), "a damaged descriptor: %r" % (answer,))
        refusals += answer["message"] == "failed"
    case.expect(refusals > 10, "only %d damaged descriptors were refused" % refusals)


def run(case):
    case.check(case.run(), "42\n")
    worker, daemon = case.worker(), case.daemons()[0]
    fds = case.fds(daemon)
    generator = random.Random(5)
    offer = peer.sniff(case)
    out_of_turn(case, offer)
    changed_forms(case, offer)
    wrong_fds(case, offer)
    nonsense(case, generator)
    cut_and_changed(case, offer, generator)
    case.equal(case.worker(), worker, "the worker's pid")
    case.wait_for(lambda: case.fds(daemon) <= fds, "the daemon's fds are back at %d" % fds)
    damaged_descriptors(case, offer, generator)
    case.expect(worker in case.workers(), "the worker is gone")
    case.equal(case.daemons(), [daemon], "daemons")
    case.check(case.run(), "42\n")
