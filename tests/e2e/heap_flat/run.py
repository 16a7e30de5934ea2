import os
import subprocess


def heap_bytes(pid):
    """Memory behind the worker's heap."""
    for number in os.listdir("/proc/%d/fd" % pid):
        path = "/proc/%d/fd/%s" % (pid, number)
        if "memfd:coil-heap" in os.readlink(path):
            return os.stat(path).st_blocks * 512
    raise AssertionError("the worker has no heap")


def private_bytes(pid):
    with open("/proc/%d/status" % pid) as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("RssAnon:"))


def run(case):
    process = case.popen(str(50000 * case.scale), stdin=subprocess.PIPE)

    def step(name):
        line = process.stdout.readline().decode()
        case.matches(line, r"%s \d+\n" % name)
        return int(line.split()[1])

    def go_on():
        process.stdin.write(b"\n")
        process.stdin.flush()

    pid = step("begin")
    heap, private = heap_bytes(pid), private_bytes(pid)
    go_on()
    step("end")
    # What is free goes back a second later, but for a few megabytes.
    case.wait_for(lambda: heap_bytes(pid) < heap + (6 << 20), "the heap is as small as before")
    if not case.sanitize:  # which keeps what has been freed
        case.expect(private_bytes(pid) < private + (8 << 20), "the worker has grown from %d to %d bytes" %
                    (private, private_bytes(pid)))
    go_on()
    case.equal(process.stdout.readline().decode(),
               "ffi.new(): no room for %d bytes in the memory that programs share with this Python\n" % (4 << 30), "words")
    case.matches(process.stdout.readline().decode(), r"^[567]\n$")
    step("full")
    case.wait_for(lambda: heap_bytes(pid) < heap + (6 << 20), "the heap is as small as before it was full")
    go_on()
    case.check(case.finish(process, timeout=60), "")
