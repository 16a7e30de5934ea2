"""MessagePack-RPC over a Unix socket: a client in C, a server in Python, a thread for each connection."""
TITLE = "Unix socket, msgpack RPC"
PACKAGES = ["libmsgpack-dev", "python3-msgpack"]
WORKS = {"nothing", "add", "text", "point", "call_back", "first", "note", "threads", "processes", "first call", "asleep"}


def build(kit):
    kit.copy("common/functions.py")
    kit.compile_library("client.c", "-lmsgpackc")


def start(kit):
    kit.serve("server.py")
