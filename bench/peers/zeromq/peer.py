"""ZeroMQ, REQ to REP over ipc://: a client in C, a server in Python.  REQ and REP alternate strictly, so there is
neither a callback nor a stream, and several clients are served one after the other."""
TITLE = "ZeroMQ REQ/REP over ipc"
PACKAGES = ["libzmq3-dev", "python3-zmq"]
WORKS = {"nothing", "add", "text", "point", "first", "threads", "processes", "first call", "asleep"}


def build(kit):
    kit.copy("common/functions.py")
    kit.compile_library("client.c", "-lzmq")


def start(kit):
    kit.serve("server.py")
