"""The control file of a build with fault points: what proto/fault.c maps."""
import mmap
import os
import struct
import time

KILL, STOP = 1, 2
SIZE = 4096


class Control:
    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(bytes(SIZE))
        self.file = open(path, "r+b")
        self.memory = mmap.mmap(self.file.fileno(), SIZE)

    def close(self):
        self.memory.close()
        self.file.close()

    def set(self, index, value):
        struct.pack_into("<i", self.memory, 4 * index, value)

    def get(self, index):
        return struct.unpack_from("<i", self.memory, 4 * index)[0]

    def arm(self, point, passage, action):
        self.disarm()
        self.set(1, action)
        self.set(2, 0)
        self.set(3, 0)
        name = point.encode()
        self.memory[20:20 + 108] = name + bytes(108 - len(name))
        self.set(0, passage)

    def disarm(self):
        self.set(0, 0)

    def acted(self):
        """The process that has come to the armed point; 0: none."""
        return self.get(2)

    def go(self):
        self.set(3, 1)

    def gone_on(self):
        return self.get(3) != 0

    def trace(self, on):
        self.set(4, 1 if on else 0)

    def traced(self):
        """{point: passages} since the last time."""
        counts = {}
        try:
            with open(self.path + ".trace") as file:
                for line in file:
                    counts[line.rstrip("\n")] = counts.get(line.rstrip("\n"), 0) + 1
            os.unlink(self.path + ".trace")
        except FileNotFoundError:
            pass
        return counts

    def await_acted(self, process, timeout):
        """Until someone has come there, or the program has ended."""
        end = time.monotonic() + timeout
        while not self.acted() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.001)
        return self.acted()
