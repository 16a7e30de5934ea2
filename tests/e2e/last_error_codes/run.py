"""coil_last_error() tells the failures apart, each with a sentence; with daemons that are none, too."""
import os
import socket
import struct
import threading

OK, EXCEPTION, NOT_ATTACHED, INIT, DIED, NO_DAEMON, REFUSED, MISMATCH, NO_PYTHON, MEMORY, PROTOCOL, LENGTH, POINTER = range(13)


def expect(case, result, wanted):
    lines = result.stdout.splitlines()
    case.equal(len(lines), len(wanted), "lines of:\n%s%s" % (result.stdout, result.stderr))
    for line, (name, value, status, words) in zip(lines, wanted):
        case.matches(line, r"^%s: %d, %d: %s" % (name, value, status, words + "$" if not words else ".*" + words))


class FalseDaemon:
    """Listens at the case's socket and answers the first bytes of every connection with `answer`."""

    def __init__(self, path, answer):
        self.path, self.answer = path, answer
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(20)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        try:
            while True:
                client, _ = self.socket.accept()
                client.recv(65536)
                client.sendall(self.answer)
                threading.Timer(5, client.close).start()
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        os.unlink(self.path)


def text(value):
    data = value.encode()
    return (bytes([0xa0 | len(data)]) if len(data) < 32 else b"\xd9" + bytes([len(data)])) + data


def packed(**members):
    body = bytes([0x80 | len(members)])
    for name, value in members.items():
        body += text(name) + (text(value) if isinstance(value, str) else bytes([value]))
    return struct.pack("<I", len(body)) + body


def run(case):
    include, library = case.build + "/include", case.build + "/lib"
    case.compile("program.c", "program", "-I" + include, "./plugin.so", "./failing.so", "-L" + library, "-Wl,-rpath," + library,
                 "-Wl,-rpath,.", "-lcoil", link=False)
    program = case.path("program")

    expect(case, case.run(program=program), [
        ("ok", 42, OK, ""),
        ("exception", -1, EXCEPTION, r"plugin\.fail\(\): Python raised an exception"),
        ("not attached", 0, NOT_ATTACHED, r"plugin\.missing\(\): no Python function is attached"),
        ("init", 0, INIT, r"init code failed: RuntimeError"),
        ("init again", 0, INIT, r"init code failed: RuntimeError"),
        ("length", -5, LENGTH, r"-1"),
        ("pointer", -6, POINTER, r"cannot be read"),
        ("ok", 2, OK, ""),
        ("died", -3, DIED, r"died while it ran this call"),
        ("ok", 42, OK, ""),
    ])
    if not case.sanitize:  # a sanitizer needs terabytes of addresses
        expect(case, case.run("memory", program=program), [
            ("memory", 0, MEMORY, "[Mm]emory"), ("ok", 42, OK, "")])
    expect(case, case.run("add", program=program, env={"COIL_PYTHON": "/bin/nothing-there"}), [
        ("add", 0, NO_PYTHON, "COIL_PYTHON is '/bin/nothing-there'")])
    expect(case, case.run("add", program=program, env={"COIL_PYTHON": "/bin/true"}), [("add", 42, OK, "")])
    case.coilctl("stop")
    case.wait_for(lambda: not case.daemons(), "the daemon has gone")
    expect(case, case.run("add", program=program, env={"COIL_AUTOSTART": "0"}), [
        ("add", 0, NO_DAEMON, "COIL_AUTOSTART=0 forbids")])
    expect(case, case.run("add", program=program, env={"COIL_MODE": "nonsense"}), [("add", 0, REFUSED, "COIL_MODE is 'nonsense'")])

    with FalseDaemon(case.socket, b"\xff\xff\xff\xffnonsense"):
        expect(case, case.run("add", program=program), [("add", 0, PROTOCOL, "the daemon's answer: ")])
    with FalseDaemon(case.socket, packed(message="failed", request=1, code=2, text="it is too old for you")):
        expect(case, case.run("add", program=program), [("add", 0, MISMATCH, "it is too old for you")])
    with FalseDaemon(case.socket, packed(message="failed", request=1, code=7, text="not you")):
        expect(case, case.run("add", program=program), [("add", 0, REFUSED, "not you")])
    with FalseDaemon(case.socket, packed(message="done", request=1)):
        expect(case, case.run("add", program=program), [("add", 0, PROTOCOL, "makes no sense")])
    expect(case, case.run("add", program=program), [("add", 42, OK, "")])
