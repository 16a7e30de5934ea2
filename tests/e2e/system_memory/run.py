"""Memory in a daemon of several users: what one program was given another does not see, and what a program rewrites
under a running handler is nothing that Python follows."""
import os
import re
import struct
import threading
import time

import peer
import system

ADD, WALK, SUM, KEEP_LIST, WALK_KEPT, MAKE, VALUE_OF = range(7)
NODES, NODE, NAMES = 16, 24, 4096  # nodes in staging, their size, where their names are
STRAY = (0, 1, 0x1000, 0x7fff00000000, 0xffffffffffffff00)


class Writer:
    """Rewrites a session's memory for as long as it is there."""

    def __init__(self, *steps):
        self.steps, self.ends, self.thread = steps, False, threading.Thread(target=self.write)

    def write(self):
        while not self.ends:
            for step in self.steps:
                step()

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.ends = True
        self.thread.join()


class Program:
    """A hostile one, with a list in its staging area."""

    def __init__(self, case, daemon, offer, numbers):
        self.case, self.n = case, numbers
        self.p = peer.Peer(case, offer, numbers, daemon.socket)
        self.base, self.channel = self.p.staging.base, self.p.channel(0)
        self.fill()

    def node(self, i, next_at=None, name_at=None):
        at = self.base + (i + 1) * NODE if i + 1 < NODES else 0
        return struct.pack("=i4xQQ", i, at if next_at is None else next_at,
                           self.base + NAMES + i * 16 if name_at is None else name_at)

    def fill(self):
        for i in range(NODES):
            self.p.staging.write(i * NODE, self.node(i))
            self.p.staging.write(NAMES + i * 16, b"name %d\0" % i)

    def call(self, function, layout, *values):
        self.fill()
        return self.channel.call(function, struct.pack(layout, *values))

    def expect(self, record, values, what):
        self.case.expect(record and record.kind == self.n.RECORD_RETURN, "%s: no answer" % what)
        got = struct.unpack("=i", record.payload[:4])[0]
        self.case.expect(got in values, "%s: %d" % (what, got))

    def calls_until_refused(self, end):
        """How many are carried out before what one leads to is found bad, which closes the channel."""
        count = 0
        while time.monotonic() < end:
            record = self.call(WALK, "=Qi4x", self.base, 30)
            if not record or record.kind != self.n.RECORD_RETURN:
                break
            # -1: a name was NULL, which is an exception.  -2 would be that it has changed.
            self.expect(record, range(-1, NODES + 1), "walk while its memory changes")
            count += 1
        return count

    def rewrite_numbers(self):
        for i in range(NODES):
            self.p.staging.write(i * NODE, os.urandom(2) + b"\0\0")

    def rewrite_pointers(self):
        for i in range(NODES):
            for bad in STRAY + (self.base - 8, self.base + (1 << 31), self.p.attached["heap"] + 64):
                self.p.staging.write(i * NODE, self.node(i, bad, bad))
            self.p.staging.write(i * NODE, self.node(i))

    def rewrite_strings(self):
        self.p.staging.write(0, b"x" * 65536)
        self.fill()


def rewriting(case, daemon, offer, numbers):
    for name in ("rewrite_pointers", "rewrite_strings", "rewrite_numbers"):
        end, good, refused = time.monotonic() + 0.6, 0, 0
        while time.monotonic() < end:
            program = Program(case, daemon, offer, numbers)
            try:
                program.expect(program.call(WALK, "=Qi4x", program.base, 0), (NODES,), "a list")
                with Writer(getattr(program, name)):
                    good += program.calls_until_refused(end)
                refused += 1
            finally:
                program.p.close()
        case.expect(good + refused > 3, "%s: %d and %d calls" % (name, good, refused))
        case.expect(good > 0 or name != "rewrite_numbers", "no call was carried out while numbers changed")


def objects(case, daemon, offer, numbers):
    """What Python has made: the program may change the numbers in it, and no pointer."""
    program = Program(case, daemon, offer, numbers)
    try:
        program.p.staging.write(0, b"eight...\0")
        answer = program.channel.call(MAKE, struct.pack("=Q", program.base))
        at, = struct.unpack("=Q", answer.payload[:8])
        offset = at - program.p.attached["heap"]
        before = os.pread(program.p.heap_fd, NODE, offset)
        value, = struct.unpack("=i", before[:4])
        with Writer(*(lambda bad=bad: os.pwrite(program.p.heap_fd, struct.pack("=i4xQQ", 5, bad, bad), offset) for bad in STRAY)):
            for _ in range(200):
                program.expect(program.channel.call(VALUE_OF, struct.pack("=Q", at)), (5008, value * 1000 + 8), "value_of")
        # Its name is another object of Python's, which has no pointers: it may become longer than it is, but ends.
        name, = struct.unpack("=Q", before[16:24])
        os.pwrite(program.p.heap_fd, b"y" * 4096, name - program.p.attached["heap"])
        record = program.channel.call(VALUE_OF, struct.pack("=Q", at))
        case.expect(record is not None, "an object with a name without an end")
    finally:
        program.p.close()


def overlapping(case, daemon, offer, numbers):
    """The bytes of one call's structs, as the bytes of another call's array: they are not replaced under it."""
    program = Program(case, daemon, offer, numbers)
    try:
        other = program.p.channel(1)
        program.channel.publish(numbers.RECORD_CALL, struct.pack("=Qi4x", program.base, 600),
                                function=program.p.slot << 16 | WALK)
        time.sleep(0.2)
        program.p.staging.write(0, b"\x41" * 2048)
        answer = other.call(SUM, struct.pack("=Qii", program.base, 2048, 0))
        case.expect(answer is None or answer.kind == numbers.RECORD_FAILED, "another call has got the same bytes")
        program.expect(program.channel.answer(), (NODES,), "walk while another call wants the same bytes")
        # What was kept after the call leads nowhere.
        program.call(KEEP_LIST, "=Q", program.base)
        program.expect(program.call(WALK_KEPT, "="), (0,), "what was kept")
    finally:
        program.p.close()


def two_users(case, daemon):
    owner = daemon.popen(system.FIRST, "owner", stdin=-1)
    try:
        addresses = owner.stdout.readline().decode().split()
        thief = daemon.run(system.SECOND, *addresses)
        case.check(thief, "0\n-1\n1\n-1\n-1\n1 7 for all\n707 9 gone\n7 for all\n77004\n", None)
        for text in (r"value_of\(\): 'n' leads to memory that Python has not given to this program",
                     r"call_step\(\): 'f' leads to a function that Python has not given to this program",
                     r"'result' leads to memory that ffi\.new\(\) has made for another program",
                     r"the handle 0x[0-9a-f]+ was made for another program"):
            case.matches(thief.stderr, text)
        owner.stdin.write(b"go on\n")
        owner.stdin.close()
        owner.stdin = None
        case.check(case.finish(owner), "0 the owner's secret 18 42\n6 7\n7 for all 707\n")
    finally:
        owner.kill()
        owner.wait()


def run(case):
    with system.Daemon(case) as daemon:
        numbers, offer = peer.Numbers(case.work), peer.sniff(case)
        neighbour = daemon.popen(system.FIRST, stdin=-1)
        try:
            two_users(case, daemon)
            rewriting(case, daemon, offer, numbers)
            objects(case, daemon, offer, numbers)
            overlapping(case, daemon, offer, numbers)
            neighbour.stdin.close()
            neighbour.stdin = None
            case.check(case.finish(neighbour), "called, 0 wrong\n")
        finally:
            neighbour.kill()
            neighbour.wait()
