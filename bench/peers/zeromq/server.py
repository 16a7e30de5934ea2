"""A message is the method's number and its arguments as the C structs have them."""
import struct
import sys

import functions
import zmq


def main():
    context = zmq.Context()
    listener = context.socket(zmq.REP)
    listener.bind("ipc://" + sys.argv[1])
    print("ready", flush=True)
    integer, two, fields = struct.Struct("i"), struct.Struct("2i"), struct.Struct("2d4i")
    double = struct.Struct("d")

    def point(body):
        x, y, *tag = fields.unpack(body)
        return integer.pack(functions.point(x, y, tag))

    methods = [
        lambda body: integer.pack(functions.nothing()),
        lambda body: integer.pack(functions.add(*two.unpack(body))),
        lambda body: integer.pack(functions.text(str(body, "utf-8"))),
        point,
        lambda body: double.pack(functions.first(body)),
    ]
    while True:
        message = memoryview(listener.recv(copy=False).buffer)
        listener.send(methods[message[0]](message[8:]))


main()
