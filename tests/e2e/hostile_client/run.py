"""Nonsense sent to the daemon ends that connection and nothing else."""
import os
import random
import socket
import struct


def run(case):
    case.check(case.run(), "42\n")
    worker, daemon = case.worker(), case.daemons()[0]
    fds = case.fds(daemon)
    random.seed(7)
    bodies = [b"", b"\xc1", b"\x80", b"\x81\xa7message", b"\xdf\xff\xff\xff\xff", b"\x91" * 5000, b"\xdb\x7f\xff\xff\xff",
              b"\x81\xa7message\xa6attach", b"\x82\xa7message\xa4done\xa7request\x01"]
    bodies += [bytes(random.randrange(256) for _ in range(random.randrange(1, 200))) for _ in range(100)]
    frames = [struct.pack("<I", len(body)) + body for body in bodies]
    frames += [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x10\0\0\0", b"\x01", struct.pack("<I", 16 << 20)]
    for frame in frames:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(5)
        client.connect(case.socket)
        try:
            # Surplus fds must be closed by the receiver.
            socket.send_fds(client, [frame], [0, 0, 0])
            client.shutdown(socket.SHUT_WR)
            while client.recv(4096):
                pass
        except ConnectionError:
            pass
        except socket.timeout:
            case.expect(False, "the daemon neither answered nor closed after %r" % frame[:40])
        client.close()
    case.equal(case.worker(), worker, "the worker's pid")
    case.equal(case.daemons(), [daemon], "daemons")
    case.wait_for(lambda: case.fds(daemon) <= fds, "the daemon's fds are back at %d" % fds)
    case.check(case.run(), "42\n")
    os.stat(case.socket)
