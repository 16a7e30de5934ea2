"""A program that speaks coil's protocol by hand, so that it can break it in every way.

    offer = peer.sniff(case)              what the case's program says when it attaches
    with peer.Peer(case, offer) as p:     attached: p.requests, p.replies, p.staging are its shared memory
        channel = p.channel(0)
        channel.call(function, frame)     a good call; everything else is there to be misused

Numbers of shared memory come from the headers, through the C compiler.
"""
import ctypes
import mmap
import os
import select
import socket
import struct
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
libc = ctypes.CDLL(None, use_errno=True)
SYS_FUTEX, FUTEX_WAKE = 202, 1
WORD = 1 << 32

CONSTANTS = """COIL_RING_SIZE COIL_RECORD_SIZE_MAX COIL_CHANNELS_MAX COIL_CONTROL_SIZE COIL_REQUESTS_SIZE COIL_REPLIES_SIZE
    COIL_REQUESTS_RING(0) COIL_REPLIES_RING(0) COIL_REPLIES_ERROR_VALUES COIL_STAGING_SIZE COIL_STAGING_OFFSET
    COIL_REQUESTS_OFFSET COIL_REPLIES_OFFSET COIL_REGIONS_BEGIN COIL_REGION_UNIT COIL_REGION_SIZE_MAX COIL_HEAPS_BEGIN
    COIL_CALL_STAGED_FRAME COIL_CALL_STAGED_RESULT COIL_CALL_ONEWAY COIL_CALL_INLINE COIL_CALL_SLOT
    COIL_RECORD_PAD COIL_RECORD_CALL COIL_RECORD_OPEN COIL_RECORD_RESET COIL_RECORD_RETURN COIL_RECORD_OPENED
    COIL_RECORD_FAILED COIL_RECORD_RESET_DONE COIL_RECORD_TEXT COIL_RECORD_ASK COIL_RECORD_ANSWER COIL_RECORD_FLUSH
    COIL_RECORD_FLUSHED COIL_RECORD_SERVE COIL_MESSAGE_SIZE_MAX""".split()


class Numbers:
    """The headers' constants, without COIL_ in front and (0) behind."""

    def __init__(self, folder):
        source, program = os.path.join(folder, "numbers.c"), os.path.join(folder, "numbers")
        with open(source, "w", encoding="utf-8") as file:
            file.write('#include "proto/message.h"\n#include "proto/ring.h"\n#include <stdio.h>\nint main(void)\n{\n')
            for name in CONSTANTS:
                file.write('    printf("%s %%llu\\n", (unsigned long long)(%s));\n' % (name[5:].split("(")[0], name))
            file.write("    return 0;\n}\n")
        subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-I" + ROOT, source, "-o", program], check=True)
        for line in subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines():
            name, value = line.split()
            setattr(self, name, int(value))


# ---- msgpack, as much of it as messages have ----


def pack(value):
    if isinstance(value, dict):
        return bytes([0x80 | len(value)]) + b"".join(pack(k) + pack(v) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return b"\xdc" + struct.pack(">H", len(value)) + b"".join(pack(v) for v in value)
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogateescape")
        return b"\xdb" + struct.pack(">I", len(data)) + data
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack(">I", len(value)) + value
    return b"\xcf" + struct.pack(">Q", value)


def unpack(data):
    value, end = unpack_at(data, 0)
    assert end == len(data), "bytes behind a message"
    return value


def unpack_at(data, at):
    head = data[at]
    at += 1
    if head <= 0x7f:
        return head, at
    if head <= 0x9f or 0xdc <= head <= 0xdf:
        is_map = head <= 0x8f or head >= 0xde
        count = head & 0x0f
        if head >= 0xdc:
            size = 2 if head in (0xdc, 0xde) else 4
            count, at = int.from_bytes(data[at:at + size], "big"), at + size
        items = []
        for _ in range(count * 2 if is_map else count):
            value, at = unpack_at(data, at)
            items.append(value)
        return (dict(zip(items[::2], items[1::2])) if is_map else items), at
    if head <= 0xbf:
        size = head & 0x1f
    elif head in (0xcc, 0xcd, 0xce, 0xcf):
        size = 1 << (head - 0xcc)
        return int.from_bytes(data[at:at + size], "big"), at + size
    else:
        first = {0xc4: 1, 0xc5: 2, 0xc6: 4, 0xd9: 1, 0xda: 2, 0xdb: 4}[head]
        size, at = int.from_bytes(data[at:at + first], "big"), at + first
    body = data[at:at + size]
    is_text = head <= 0xbf or head >= 0xd9
    return (body.decode("utf-8", "surrogateescape") if is_text else bytes(body)), at + size


def frame(message):
    body = pack(message)
    return struct.pack("<I", len(body)) + body


# ---- descriptors ----


def siphash128(data):
    """The name of a descriptor: SipHash-2-4-128 with the zero key."""
    mask = (1 << 64) - 1
    v = [0x736f6d6570736575, 0x646f72616e646f6d ^ 0xee, 0x6c7967656e657261, 0x7465646279746573]

    def rotate(x, bits):
        return (x << bits | x >> (64 - bits)) & mask

    def rounds(count):
        for _ in range(count):
            v[0] = (v[0] + v[1]) & mask
            v[1] = rotate(v[1], 13) ^ v[0]
            v[0] = rotate(v[0], 32)
            v[2] = (v[2] + v[3]) & mask
            v[3] = rotate(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & mask
            v[3] = rotate(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & mask
            v[1] = rotate(v[1], 17) ^ v[2]
            v[2] = rotate(v[2], 32)

    whole = len(data) & ~7
    words = [word for word, in struct.iter_unpack("<Q", data[:whole])]
    words.append((len(data) << 56 | int.from_bytes(data[whole:], "little")) & mask)
    for word in words:
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xee
    rounds(4)
    first = v[0] ^ v[1] ^ v[2] ^ v[3]
    v[1] ^= 0xdd
    rounds(4)
    return struct.pack("<QQ", first, v[0] ^ v[1] ^ v[2] ^ v[3])


# ---- the daemon's socket ----


class Wire:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send_raw(self, data, fds=()):
        if fds:
            socket.send_fds(self.socket, [data], fds)
        else:
            self.socket.sendall(data)

    def send(self, message, fds=()):
        self.send_raw(frame(message), fds)

    def take(self, size, fds):
        data = b""
        while len(data) < size:
            part, more, _, _ = socket.recv_fds(self.socket, size - len(data), 8)
            fds.extend(more)
            if not part:
                raise EOFError("the daemon has closed the connection")
            data += part
        return data

    def receive(self):
        """(message, fds); EOFError at the end."""
        fds = []
        try:
            size, = struct.unpack("<I", self.take(4, fds))
            return unpack(self.take(size, fds)), fds
        except ConnectionError:
            raise EOFError("the daemon has closed the connection") from None

    def ask(self, message, fds=()):
        self.send(message, fds)
        return self.receive()

    def ended(self):
        """Waits for the connection's end; the last message before it, or None."""
        last = None
        try:
            while True:
                last, fds = self.receive()
                for fd in fds:
                    os.close(fd)
        except EOFError:
            return last


def protocol():
    """COIL_PROTOCOL."""
    with open(os.path.join(ROOT, "proto", "version.h"), encoding="utf-8") as file:
        return int(file.read().split("COIL_PROTOCOL ")[1].split()[0])


class Offer:
    """What a program says when it attaches."""

    def __init__(self, attach, descriptor):
        self.attach, self.descriptor = attach, descriptor


def sniff(case, *arguments):
    """Lets the case's program attach to a daemon that is none."""
    path = case.path("sniff.sock")
    listener = socket.socket(socket.AF_UNIX)
    listener.settimeout(20)
    listener.bind(path)
    listener.listen()
    process = case.popen(*arguments, env={"COIL_SOCKET": path, "COIL_AUTOSTART": "0"})
    try:
        wire = Wire.__new__(Wire)
        wire.socket, _ = listener.accept()
        wire.socket.settimeout(20)
        attach, _ = wire.receive()
        wire.send({"message": "send_descriptor", "request": attach["request"], "hash": attach["hash"]})
        descriptor, _ = wire.receive()
        wire.close()
    finally:
        process.kill()
        process.communicate()
        listener.close()
        os.unlink(path)
    assert siphash128(descriptor["descriptor"]) == attach["hash"]
    return Offer(attach, descriptor["descriptor"])


# ---- attached ----


class Memory:
    """One of the session's memfds; addresses are the worker's."""

    def __init__(self, fd, size, base):
        self.fd, self.size, self.base = fd, size, base
        self.map = mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        self.anchor = ctypes.c_char.from_buffer(self.map)
        self.address = ctypes.addressof(self.anchor)

    def close(self):
        del self.anchor
        self.map.close()
        os.close(self.fd)

    def word(self, at):
        return struct.unpack_from("@I", self.map, at)[0]

    def write_word(self, at, value):
        struct.pack_into("@I", self.map, at, value & (WORD - 1))

    def write(self, at, data):
        self.map[at:at + len(data)] = data

    def wake(self, at):
        libc.syscall(SYS_FUTEX, ctypes.c_void_p(self.address + at), FUTEX_WAKE, 1 << 30, None, None, 0)


class Record:
    def __init__(self, kind, flags, outcome, size, function, error, payload):
        self.kind, self.flags, self.outcome, self.size = kind, flags, outcome, size
        self.function, self.error, self.payload = function, error, payload


class Channel:
    HEADER = 24

    def __init__(self, peer, index):
        n = peer.numbers
        self.peer, self.index, self.n = peer, index, n
        self.out, self.into = peer.requests, peer.replies
        self.out_ring = n.REQUESTS_RING + index * n.RING_SIZE
        self.in_ring = n.REPLIES_RING + index * n.RING_SIZE
        self.control = index * n.CONTROL_SIZE         # ours, in `requests`
        self.worker_control = index * n.CONTROL_SIZE  # the worker's, in `replies`
        self.cursor, self.sequence = 0, 1             # of the next request
        self.place = 0                                # of the last one
        self.holds, self.held = False, None           # the first record of several; where, and its number
        self.in_cursor, self.in_sequence = 0, 1       # of the next reply
        self.text = b""                              # what Python has printed

    def publish(self, kind, payload=b"", flags=0, outcome=0, function=0, error=0, size=None, slot=0):
        """Writes a record and wakes the worker; `size` may lie about the payload."""
        n = self.n
        size = len(payload) if size is None else size
        lines = (self.HEADER + len(payload) + 63) // 64 * 64
        if self.cursor % n.RING_SIZE + lines + 64 > n.RING_SIZE:
            left = n.RING_SIZE - self.cursor % n.RING_SIZE
            self.commit(n.RECORD_PAD, left - self.HEADER, left)
        self.place = self.cursor
        at = self.out_ring + self.cursor % n.RING_SIZE
        self.out.write(at + self.HEADER, payload)
        self.commit(kind | flags << 8 | outcome << 16, size, lines, function, error, slot)

    def commit(self, what, size, lines, function=0, error=0, slot=0):
        at = self.out_ring + self.cursor % self.n.RING_SIZE
        for offset, value in ((4, what), (8, size), (12, function), (16, error), (20, slot)):
            self.out.write_word(at + offset, value)
        self.cursor += lines
        self.out.write_word(self.out_ring + self.cursor % self.n.RING_SIZE, 0)
        self.held = self.held or (at, self.sequence) if self.holds else None
        if not self.held or self.held[0] != at:
            self.out.write_word(at, self.sequence)
            self.out.wake(at)
        self.sequence = (self.sequence + 1) % WORD or 1

    def hold(self):
        """What is published from here on is seen at once, when release() is called."""
        self.holds = True

    def release(self):
        (at, sequence), self.holds, self.held = self.held, False, None
        self.out.write_word(at, sequence)
        self.out.wake(at)

    def ready(self):
        return self.into.word(self.in_ring + self.in_cursor % self.n.RING_SIZE) == self.in_sequence

    def ended(self):
        """Has the worker left this channel?"""
        return self.into.word(self.worker_control + 68) == 1

    def receive(self, timeout=20):
        """The next record; None: the worker has left the channel, or nothing came."""
        end = time.monotonic() + timeout
        while not self.ready():
            if self.ended() and not self.ready() or time.monotonic() > end:
                return None
            time.sleep(0.0002)
        at = self.in_ring + self.in_cursor % self.n.RING_SIZE
        what, size, function = (self.into.word(at + offset) for offset in (4, 8, 12))
        error = struct.unpack_from("@i", self.into.map, at + 16)[0]
        payload = bytes(self.into.map[at + self.HEADER:at + self.HEADER + size])
        return Record(what & 0xff, what >> 8 & 0xff, what >> 16 & 0xff, size, function, error, payload)

    def step_over(self, record):
        self.in_cursor += (self.HEADER + record.size + 63) // 64 * 64
        self.in_sequence = (self.in_sequence + 1) % WORD or 1
        struct.pack_into("@Q", self.out.map, self.control, self.in_cursor)

    def answer(self, timeout=20):
        """The answer to the last request, whose place is used again (I4); text is kept."""
        place = self.place
        while True:
            record = self.receive(timeout)
            if record and record.kind in (self.n.RECORD_TEXT, self.n.RECORD_PAD):
                self.text += record.payload if record.kind == self.n.RECORD_TEXT else b""
                self.step_over(record)
                continue
            if record:
                self.in_sequence = (self.in_sequence + 1) % WORD or 1
                self.cursor = place
            return record

    def request(self, kind, payload=b"", timeout=20, **fields):
        """A request and its answer."""
        self.publish(kind, payload, **fields)
        return self.answer(timeout)

    def open(self):
        record = self.request(self.n.RECORD_OPEN, self.peer.offer.attach["hash"])
        assert record and record.kind == self.n.RECORD_OPENED, "OPEN was not answered"
        self.peer.slot = record.function >> 16
        return record

    def call(self, function, payload=b"", **fields):
        return self.request(self.n.RECORD_CALL, payload, function=self.peer.slot << 16 | function, **fields)


class Peer:
    """A program with a session."""

    def __init__(self, case, offer, numbers=None, socket=None):
        self.numbers = numbers or Numbers(case.work)
        self.offer, self.slot = offer, None
        self.wire = Wire(socket or case.socket)
        self.attached, fds = self.attach()
        assert self.attached["message"] == "attached", "attaching failed: %r" % (self.attached,)
        requests, replies, staging, self.pidfd, self.heap_fd = fds
        base, n = self.attached["base"], self.numbers
        self.requests = Memory(requests, n.REQUESTS_SIZE, base + n.REQUESTS_OFFSET)
        self.replies = Memory(replies, n.REPLIES_SIZE, base + n.REPLIES_OFFSET)
        self.staging = Memory(staging, n.STAGING_SIZE, base + n.STAGING_OFFSET)
        self.session = self.attached["session"]
        self.number = 1

    def attach(self):
        answer, fds = self.wire.ask(self.offer.attach)
        if answer["message"] == "send_descriptor":
            answer, fds = self.wire.ask({"message": "descriptor", "request": self.offer.attach["request"],
                                         "hash": self.offer.attach["hash"], "descriptor": self.offer.descriptor})
        return answer, fds

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.wire:
            self.wire.close()
            self.requests.close()
            self.replies.close()
            self.staging.close()
            os.close(self.pidfd)
            os.close(self.heap_fd)
        self.wire = None

    def channel(self, index):
        """Channel 0 is there from the beginning; others are asked for."""
        if index:
            self.number += 1
            answer, _ = self.wire.ask({"message": "channel", "request": self.number, "session": self.session,
                                       "channel": index})
            assert answer["message"] == "done", "no channel: %r" % (answer,)
        channel = Channel(self, index)
        if self.slot is None:
            channel.open()
        return channel

    def worker_is_dead(self):
        return bool(select.select([self.pidfd], [], [], 0)[0])
