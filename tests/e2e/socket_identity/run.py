"""Sockets that the program must not trust or cannot reach."""
import os
import socket
import subprocess
import sys
import time

SERVER = """
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
listener.listen(5)
os.setgid(65534)
os.setuid(65534)
# A listener's identity is that of its last listen().
listener.listen(5)
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
"""


def refused(case, path, *words, shown=None):
    begin = time.monotonic()
    result = case.run(env={"COIL_SOCKET": path, "COIL_AUTOSTART": "0"})
    case.check(result, "0\n", None)
    case.expect(time.monotonic() - begin < 10 * case.slow, "took %.1f s" % (time.monotonic() - begin))
    case.expect((shown or path) in result.stderr, "stderr does not name the socket %s: %s" % (path, result.stderr))
    for word in words:
        case.matches(result.stderr, word, "stderr")


def run(case):
    # Something that is no socket stands at the socket's place.
    folder = os.path.join(case.run_folder, "a")
    os.mkdir(folder, 0o700)
    with open(os.path.join(folder, "sock"), "w"):
        pass
    refused(case, os.path.join(folder, "sock"))
    os.unlink(os.path.join(folder, "sock"))

    # The path is too long for a socket.
    refused(case, os.path.join(folder, "x" * 120), r"long", shown=os.path.join(folder, "x" * 20))

    # A server that runs as another user.
    if os.getuid() == 0:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "sock")
        server = subprocess.Popen([sys.executable, "-c", SERVER, path], stdout=subprocess.PIPE)
        server.stdout.readline()
        try:
            refused(case, path, r"user|uid|owner|own")
        finally:
            server.kill()
            server.wait()
        os.unlink(path)
    case.check(case.run(), "42\n")
