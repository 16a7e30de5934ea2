"""The handlers of the peers that are servers of their own."""
import struct

notes = 0


def nothing():
    return 1


def add(x, y):
    return x + y


def text(s):
    return 1


def point(x, y, tag):
    return 1


def first(data):
    return struct.unpack_from("d", data)[0]


def note(x):
    global notes
    notes += 1


def noted():
    return notes
