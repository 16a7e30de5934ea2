"""Memory files that are cut off, emptied, or are not what was said: what the worker has mapped stays mapped, and what it
could be hurt by is refused with words."""
import ctypes
import errno
import fcntl
import os
import struct
import time

import peer

GOOD = "called, 0 wrong, soon\n"
ADD, SUM = range(2)
PUNCH_HOLE = 1 | 2  # and keep the size
MFD_ALLOW_SEALING, MFD_HUGETLB = 2, 4
F_ADD_SEALS = 1033
SEAL_SEAL, SEAL_SHRINK, SEAL_GROW, SEAL_WRITE, SEAL_FUTURE_WRITE = 1, 2, 4, 8, 16


def fails_with(function, number):
    try:
        function()
    except OSError as error:
        return error.errno == number
    return False


def punch_hole(fd, offset, size):
    result = peer.libc.fallocate(fd, PUNCH_HOLE, ctypes.c_long(offset), ctypes.c_long(size))
    if result < 0:
        raise OSError(ctypes.get_errno(), "fallocate")


def memory_file(size, seals=SEAL_SHRINK | SEAL_GROW, flags=MFD_ALLOW_SEALING):
    fd = os.memfd_create("hostile", flags)
    os.ftruncate(fd, size)
    if seals:
        fcntl.fcntl(fd, F_ADD_SEALS, seals)
    return fd


def good_call(case, channel):
    answer = channel.call(ADD, struct.pack("=ii", 40, 2))
    case.equal(answer and answer.payload, struct.pack("=i", 42), "a call")


def session_memory(case, offer, numbers):
    """The session's own files, and the heap, keep their size and their seals."""
    with peer.Peer(case, offer, numbers) as p:
        channel = p.channel(0)
        for name, fd, size in (("requests", p.requests.fd, p.requests.size), ("replies", p.replies.fd, p.replies.size),
                               ("staging", p.staging.fd, p.staging.size), ("heap", p.heap_fd, os.fstat(p.heap_fd).st_size)):
            case.equal(os.fstat(fd).st_size, size, "the size of " + name)
            for other in (0, 4096, size - 1, size + 1, size * 2):
                case.expect(fails_with(lambda: os.ftruncate(fd, other), errno.EPERM), "%s could be resized" % name)
            for seal in (SEAL_WRITE, SEAL_FUTURE_WRITE, SEAL_SEAL):
                case.expect(fails_with(lambda: fcntl.fcntl(fd, F_ADD_SEALS, seal), errno.EPERM),
                            "%s could be sealed" % name)
        for memory in (p.staging, p.replies, p.requests):
            good_call(case, channel)
            punch_hole(memory.fd, 0, memory.size)
        # Every cursor has been set back under both: whatever comes of it is this session's own affair.
        channel.publish(numbers.RECORD_CALL, struct.pack("=ii", 1, 2), function=p.slot << 16 | ADD)
        channel.answer(timeout=0.5)


def region(p, base, size, fd, session=None):
    p.number += 1
    answer, _ = p.wire.ask({"message": "region", "request": p.number, "session": session or p.session, "base": base,
                            "size": size}, [fd])
    return answer


def bad_regions(case, p, n):
    """(what is wrong, base, size, fd, other keys) of regions that must be refused."""
    base, unit = n.REGIONS_BEGIN + 16 * n.REGION_UNIT, n.REGION_UNIT
    good = memory_file(unit)
    yield "no seals", base, unit, memory_file(unit, 0), {}
    yield "half the seals", base, unit, memory_file(unit, SEAL_SHRINK), {}
    yield "the other half", base, unit, memory_file(unit, SEAL_GROW), {}
    yield "less memory than was said", base, unit, memory_file(4096), {}
    yield "no memory", base, unit, memory_file(0), {}
    yield "more memory than was said", base, unit, memory_file(2 * unit), {}
    yield "nothing at all", base, 0, good, {}
    yield "an odd size", base, 4096, memory_file(4096), {}
    yield "more than there can be", base, n.REGION_SIZE_MAX * 2, good, {}
    yield "an overflow", base, (1 << 64) - unit, good, {}
    yield "an odd place", base + 4096, unit, good, {}
    yield "the session's own window", p.attached["base"], unit, good, {}
    yield "the heap", p.attached["heap"], unit, good, {}
    yield "address 0", 0, unit, good, {}
    yield "the kernel's addresses", (1 << 64) - unit, unit, good, {}
    yield "another session", base, unit, good, {"session": p.session + 1}
    yield "written under seal", base, unit, memory_file(unit, SEAL_SHRINK | SEAL_GROW | SEAL_WRITE), {}
    yield "read only", base, unit, os.open("/proc/self/fd/%d" % good, os.O_RDONLY), {}
    yield "a mere path", base, unit, os.open("/proc/self/fd/%d" % good, os.O_PATH), {}
    yield "no file", base, unit, os.pipe()[0], {}
    yield "a device", base, unit, os.open("/dev/zero", os.O_RDWR), {}
    yield "a folder", base, unit, os.open("/", os.O_RDONLY), {}
    with open(case.path("large"), "wb") as file:
        file.truncate(unit)
    yield "a file on disk", base, unit, os.open(case.path("large"), os.O_RDWR), {}
    yield "the session's own memory", base, unit, p.staging.fd, {}
    try:
        yield "huge pages", base, unit, memory_file(unit, flags=MFD_ALLOW_SEALING | MFD_HUGETLB), {}
    except OSError:
        pass  # there are none here


def log(case):
    with open(os.path.join(case.run_folder, "coild.log"), encoding="utf-8", errors="replace") as file:
        return file.read()


def regions_refused(case, offer, numbers):
    with peer.Peer(case, offer, numbers) as p:
        channel = p.channel(0)
        for what, base, size, fd, keys in bad_regions(case, p, numbers):
            before = log(case).count("client pid %d uid %d: module \"plugin\": a region" % (os.getpid(), os.getuid()))
            answer = region(p, base, size, fd, **keys)
            case.expect(answer["message"] == "failed" and answer["text"], "a region with %s: %r" % (what, answer))
            case.wait_for(lambda: log(case).count("client pid %d uid %d: module \"plugin\": a region" % (os.getpid(), os.getuid())) > before,
                          "%s: the log names the client" % what)
            good_call(case, channel)


def region_misused(case, offer, numbers):
    """A good region, emptied while a handler reads it; places that are taken; more than there can be."""
    n = numbers
    base, unit = n.REGIONS_BEGIN + 64 * n.REGION_UNIT, n.REGION_UNIT
    with peer.Peer(case, offer, numbers) as p, peer.Peer(case, offer, numbers) as other:
        channel, fd = p.channel(0), memory_file(unit)
        case.equal(region(p, base, unit, fd)["message"], "done", "a good region")
        os.pwrite(fd, b"\1" * 100000, unit - 100000)
        frame = struct.pack("=Qii", base + unit - 100000, 100000, 0)
        case.equal(channel.call(SUM, frame).payload, struct.pack("=i", 100000), "a call with it")
        for size in (0, unit // 2):
            case.expect(fails_with(lambda: os.ftruncate(fd, size), errno.EPERM), "the region could be cut off")
        channel.publish(n.RECORD_CALL, struct.pack("=Qii", base, 100000, 300), function=p.slot << 16 | SUM)
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            os.pwrite(fd, b"\1" * 100000, 0)
            punch_hole(fd, 0, unit)
        case.expect(channel.answer() is not None, "the handler whose memory was emptied did not answer")
        good_call(case, other.channel(0))
        # Behind the end of a region there is nothing of it.
        case.equal(channel.call(SUM, struct.pack("=Qii", base + unit - 10, 100, 0)).kind, n.RECORD_FAILED,
                   "an array that ends behind its region")

    with peer.Peer(case, offer, numbers) as p, peer.Peer(case, offer, numbers) as other:
        small, large = memory_file(unit), memory_file(4 * unit)
        # The program that had something there has gone: the worker learns that, and covers it.
        case.wait_for(lambda: region(p, base, 4 * unit, large)["message"] == "done", "a region where another one was")
        for who, name in ((p, "its own"), (other, "another's")):
            for at in (base, base + unit, base + 3 * unit):
                case.equal(region(who, at, unit, small)["message"], "failed", "a region over " + name)
        count = 0
        while count < 5000 and region(p, base + (8 + count) * unit, unit, small)["message"] == "done":
            count += 1
        case.expect(10 < count < 5000, "%d regions" % count)
        good_call(case, p.channel(0))


def run(case):
    case.check(case.run(), GOOD)
    worker, daemon = case.worker(), case.daemons()[0]
    fds, worker_fds = case.fds(daemon), case.fds(worker)
    numbers, offer = peer.Numbers(case.work), peer.sniff(case)
    neighbour = case.popen(stdin=-1)
    try:
        session_memory(case, offer, numbers)
        regions_refused(case, offer, numbers)
        region_misused(case, offer, numbers)
        neighbour.stdin.close()
        neighbour.stdin = None
        case.check(case.finish(neighbour), GOOD)
    finally:
        neighbour.kill()
        neighbour.wait()
    case.wait_for(lambda: case.fds(daemon) <= fds, "the daemon's fds are back at %d" % fds)
    case.wait_for(lambda: case.fds(worker) <= worker_fds, "the worker's fds are back at %d" % worker_fds)
    case.check(case.run(), GOOD)
    case.equal((case.daemons(), case.workers()), ([daemon], [worker]), "the daemon and its worker")
