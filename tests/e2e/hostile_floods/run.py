"""Much of everything at once: connections that say nothing or never finish, requests whose answers nobody reads, all
channels there are, sessions that come and go in the middle.  A neighbour's calls go on meanwhile, new programs get in,
and afterwards nothing of it is left."""
import json
import os
import resource
import socket
import struct
import time

import peer

GOOD = "called, 0 wrong, soon\n"


class Flood:
    """Connections that are kept open for a while."""

    def __init__(self, case, count, first=b""):
        self.wires = []
        for _ in range(count):
            try:
                wire = peer.Wire(case.socket)
                wire.send_raw(first)
                self.wires.append(wire)
            except OSError:
                break  # nobody accepts any more

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for wire in self.wires:
            wire.close()


def status_of(pid, what):
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return int(next(line for line in file if line.startswith(what + ":")).split()[1])


def threads(pid):
    return status_of(pid, "Threads")


def program_gets_in(case):
    case.check(case.run(timeout=20), GOOD)


def connections_that_say_nothing(case, offer):
    with Flood(case, 300):
        program_gets_in(case)


def messages_that_never_end(case, offer):
    whole = peer.frame(offer.attach)
    for first in (whole[:2], whole[:-1], struct.pack("<I", 16 << 20) + b"\x88" * 1000):
        with Flood(case, 100, first):
            program_gets_in(case)


def attaching_that_never_ends(case, offer):
    # The daemon asks for the descriptor, which never comes.
    unknown = {**offer.attach, "hash": bytes(range(16))}
    with Flood(case, 100, peer.frame(unknown)) as flood:
        for wire in flood.wires[:10]:
            case.equal(wire.receive()[0]["message"], "send_descriptor", "the daemon's answer")
        program_gets_in(case)


def more_than_the_daemon_can_open(case, daemon):
    limits = resource.prlimit(daemon, resource.RLIMIT_NOFILE)
    room = case.fds(daemon) + 50
    resource.prlimit(daemon, resource.RLIMIT_NOFILE, (room, limits[1]))
    try:
        with Flood(case, 200):
            # A program that comes now is told, and does not wait.
            late = case.run(timeout=20, env={"COIL_AUTOSTART": "0"})
            case.expect(late.status == 0 and "wrong" in late.stdout and late.stderr, "it was not told: %r" % vars(late))
            with open(os.path.join(case.run_folder, "coild.log"), encoding="utf-8", errors="replace") as file:
                case.expect("no file descriptors left" in file.read(), "the log does not tell")
    finally:
        resource.prlimit(daemon, resource.RLIMIT_NOFILE, limits)
    case.wait_for(lambda: case.fds(daemon) < room - 40, "the connections are closed")
    program_gets_in(case)


def answers_that_nobody_reads(case, offer, daemon):
    question = peer.frame({"message": "status", "request": 1, "protocol": offer.attach["protocol"],
                           "version": offer.attach["version"]})
    before = status_of(daemon, "VmRSS")
    with Flood(case, 4) as flood:
        for wire in flood.wires:
            wire.socket.setblocking(False)
        sent, end = 0, time.monotonic() + 2
        while time.monotonic() < end:
            for wire in flood.wires:
                try:
                    sent += wire.socket.send(question * 100)
                except BlockingIOError:
                    pass
                except ConnectionError:
                    end = 0
            time.sleep(0.001)
        program_gets_in(case)
        grown = status_of(daemon, "VmRSS") - before
        case.expect(grown < 8192 * case.slow, "the daemon has grown by %d kB" % grown)
        case.expect(sent > 100 * len(question), "nothing could be sent")


def all_channels(case, offer, worker, numbers):
    before = threads(worker)
    with peer.Peer(case, offer, numbers) as p:
        first = p.channel(0)
        last = None
        for index in range(1, numbers.CHANNELS_MAX):
            last = p.channel(index)
        answer, _ = p.wire.ask({"message": "channel", "request": 5, "session": p.session,
                                "channel": numbers.CHANNELS_MAX})
        case.equal(answer["message"], "failed", "one channel more")
        case.expect(threads(worker) > numbers.CHANNELS_MAX, "a channel has no thread")
        for channel in (first, last):
            case.equal(channel.call(0, struct.pack("=ii", 40, 2)).payload, struct.pack("=i", 42), "a call")
        program_gets_in(case)
    case.wait_for(lambda: threads(worker) <= before, "the channels' threads are gone")


def many_sessions(case, offer, numbers):
    peers = []
    try:
        for _ in range(60):
            peers.append(peer.Peer(case, offer, numbers))
        for p in peers:
            case.equal(p.channel(0).call(0, struct.pack("=ii", 1, 2)).payload, struct.pack("=i", 3), "a call")
        program_gets_in(case)
    finally:
        for p in peers:
            p.close()


def coming_and_going(case, offer):
    """Sessions that end at every moment of their beginning."""
    attach = peer.frame(offer.attach)
    for i in range(150 * case.scale):
        with peer.Wire(case.socket) as wire:
            wire.send_raw(attach[:len(attach) if i % 3 else i % len(attach)])
            if i % 5 == 1:
                time.sleep(0.0005 * (i % 7))
            if i % 5 == 2:
                wire.socket.shutdown(socket.SHUT_WR)


def flood(case, daemon, worker):
    numbers = peer.Numbers(case.work)
    offer = peer.sniff(case)
    connections_that_say_nothing(case, offer)
    messages_that_never_end(case, offer)
    attaching_that_never_ends(case, offer)
    answers_that_nobody_reads(case, offer, daemon)
    more_than_the_daemon_can_open(case, daemon)
    all_channels(case, offer, worker, numbers)
    many_sessions(case, offer, numbers)
    coming_and_going(case, offer)


def sessions(case):
    """Whose there are."""
    return [str(session["pid"]) for worker in json.loads(case.coilctl("status", "--json").stdout)["workers"]
            for session in worker["sessions"]]


def run(case):
    program_gets_in(case)
    worker, daemon = case.worker(), case.daemons()[0]
    neighbour = case.popen(stdin=-1)
    try:
        case.wait_for(lambda: threads(worker) > 1, "the neighbour's channel")
        program_gets_in(case)
        # The neighbour has all that it will have, and nobody else has anything.
        case.wait_for(lambda: sessions(case) == [str(neighbour.pid)], "the neighbour alone has a session")
        fds, worker_fds, worker_threads = case.fds(daemon), case.fds(worker), threads(worker)
        flood(case, daemon, worker)
        case.wait_for(lambda: case.fds(daemon) <= fds, "the daemon's fds are back at %d" % fds)
        case.wait_for(lambda: case.fds(worker) <= worker_fds, "the worker's fds are back at %d" % worker_fds)
        case.wait_for(lambda: threads(worker) <= worker_threads, "the worker's threads are back at %d" % worker_threads)
        neighbour.stdin.close()
        neighbour.stdin = None
        case.check(case.finish(neighbour), GOOD)
    finally:
        neighbour.kill()
        neighbour.wait()
    case.equal((case.daemons(), case.workers()), ([daemon], [worker]), "the daemon and its worker")
