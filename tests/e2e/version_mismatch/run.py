"""A daemon of another version, and one that speaks nonsense: messages, never a hang or a crash."""
import os
import socket
import struct
import threading
import time


def text(value):
    data = value.encode()
    return bytes([0xd9, len(data)]) + data


def number(value):
    return b"\xcf" + struct.pack(">Q", value)


def failed(request):
    body = b"\x84" + text("message") + text("failed") + text("request") + number(request)
    body += text("code") + number(2) + text("text") + text("this is coild 9.9.9, protocol 99; the program's libcoil is 0.1.0")
    return struct.pack("<I", len(body)) + body


ANSWERS = {
    "nothing": None,
    "garbage": b"\x05\0\0\0hello",
    "huge": b"\xff\xff\xff\x7f",
    "half": b"\x40\0\0\0\x81",
    "bad map": b"\x01\0\0\0\xdf",
    "deep": b"\x20\0\0\0" + b"\x91" * 32,
}


def serve(listener, answer):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        try:
            connection.settimeout(5)
            connection.recv(65536)
            if answer is not None:
                connection.sendall(answer)
        except OSError:
            pass
        connection.close()


def run(case):
    for index, (name, answer) in enumerate(list(ANSWERS.items()) + [("version", failed(1))]):
        path = os.path.join(case.run_folder, "fake%d.sock" % index)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        os.chmod(path, 0o600)
        listener.listen(5)
        thread = threading.Thread(target=serve, args=(listener, answer), daemon=True)
        thread.start()
        begin = time.monotonic()
        try:
            result = case.run(env={"COIL_SOCKET": path, "COIL_AUTOSTART": "0"})
            case.check(result, "0\n", None)
            case.expect(result.stderr != "", "%s: nothing on stderr" % name)
            case.matches(result.stderr, r"\badd\b", "stderr (%s)" % name)
            if name == "version":
                case.matches(result.stderr, r"coild 9\.9\.9, protocol 99", "stderr (%s)" % name)
            case.expect(time.monotonic() - begin < 15 * case.slow, "%s: took %.1f s" % (name, time.monotonic() - begin))
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            os.unlink(path)
    case.check(case.run(), "42\n")
    real_daemon_refuses(case)


def real_daemon_refuses(case):
    """The other way round: a program of another version meets our daemon."""
    body = b"\x8a" + text("message") + text("attach") + text("request") + number(1) + text("protocol") + number(99)
    body += text("version") + text("9.9.9") + text("python") + text("") + text("environment") + b"\x90"
    body += text("cwd") + text("") + text("private_to") + number(0)
    body += text("name") + text("plugin") + text("hash") + b"\xc4\x10" + bytes(16)
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(10)
    client.connect(case.socket)
    client.sendall(struct.pack("<I", len(body)) + body)
    answer = client.recv(65536)
    client.close()
    case.expect(b"failed" in answer and b"9.9.9" in answer and b"coild 0." in answer, "the daemon answered %r" % answer)
