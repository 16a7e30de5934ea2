"""MessagePack-RPC: [0, id, method, params] is answered with [1, id, error, result]; [2, method, params] is not answered.

While it handles a request, the server may send one of its own on the same connection; its answer comes next.
"""
import socket
import sys
import threading

import functions
import msgpack

BIG = 256 << 20


class Connection:
    def __init__(self, peer):
        self.peer = peer
        self.unpacker = msgpack.Unpacker(max_buffer_size=BIG)
        self.pack = msgpack.Packer(autoreset=True).pack
        self.methods = {name: getattr(functions, name) for name in
                        ("nothing", "add", "text", "point", "first", "note", "noted")}
        self.methods["call_back"] = lambda pointer, x: self.ask("call", (pointer, x))

    def receive(self):
        while True:
            for message in self.unpacker:
                return message
            data = self.peer.recv(1 << 20)
            if not data:
                raise EOFError
            self.unpacker.feed(data)

    def ask(self, method, params):
        self.peer.sendall(self.pack([0, 0, method, params]))
        return self.receive()[3]

    def serve(self):
        while True:
            message = self.receive()
            if message[0] == 0:
                result = self.methods[message[2]](*message[3])
                self.peer.sendall(self.pack([1, message[1], None, result]))
            else:
                self.methods[message[1]](*message[2])


def serve(peer):
    try:
        Connection(peer).serve()
    except (EOFError, ConnectionError):
        peer.close()


def main():
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(sys.argv[1])
    listener.listen(256)
    print("ready", flush=True)
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=serve, args=(peer,), daemon=True).start()


main()
