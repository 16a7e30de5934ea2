#!/usr/bin/python3
"""Shows a descriptor to _cffi_backend: it must accept every type, and agree with the compiler on every layout.

    tests/golden/backend.py FILE.coil

Builds CFFI's tables in memory with ctypes, as coil's host does in C, and asks for
each struct, enum, typedef and integer constant.
"""
import ctypes
import struct
import sys

import _cffi_backend

MISSING = (1 << 64) - 1
OPAQUE = 0x10
INTEGERS = (11, 31)  # COIL_OP_ENUM, COIL_OP_CONSTANT_INT


class Global(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("address", ctypes.c_void_p), ("code", ctypes.c_uint64),
                ("size", ctypes.c_void_p)]


class Struct(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("type", ctypes.c_int), ("flags", ctypes.c_int), ("size", ctypes.c_size_t),
                ("alignment", ctypes.c_int), ("first_field", ctypes.c_int), ("fields", ctypes.c_int)]


class Field(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("offset", ctypes.c_size_t), ("size", ctypes.c_size_t),
                ("code", ctypes.c_uint64)]


class Enum(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("type", ctypes.c_int), ("primitive", ctypes.c_int),
                ("enumerators", ctypes.c_char_p)]


class Typename(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("type", ctypes.c_int)]


class Context(ctypes.Structure):
    _fields_ = [("types", ctypes.c_void_p), ("globals", ctypes.c_void_p), ("fields", ctypes.c_void_p),
                ("structs", ctypes.c_void_p), ("enums", ctypes.c_void_p), ("typenames", ctypes.c_void_p),
                ("num_globals", ctypes.c_int), ("num_structs", ctypes.c_int), ("num_enums", ctypes.c_int),
                ("num_typenames", ctypes.c_int), ("includes", ctypes.c_void_p), ("num_types", ctypes.c_int),
                ("flags", ctypes.c_int)]


GETTER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_ulonglong))


def getter(value, negative):
    def get(place):
        place[0] = value
        return negative
    return GETTER(get)


class Image:
    """The tables of a descriptor, taken apart by proto/descriptor.h."""

    def __init__(self, data):
        self.data = data
        numbers = struct.unpack_from("<6I26I", data)
        self.name_at = numbers[4]
        self.places = dict(zip(("types", "globals", "structs", "fields", "enums", "typenames", "functions",
                                "signatures", "variables", "shapes", "values", "expressions", "strings"), zip(numbers[6::2], numbers[7::2])))
        self.name = self.text(self.name_at)

    def text(self, at):
        start = self.places["strings"][0] + at
        return self.data[start:self.data.index(b"\0", start)]

    def rows(self, table, layout):
        offset, count = self.places[table]
        size = struct.calcsize(layout)
        return [struct.unpack_from(layout, self.data, offset + i * size) for i in range(count)]


def array(kind, rows):
    return (kind * max(len(rows), 1))(*rows)


def load(image):
    """(ffi, lib, what must stay alive)"""
    kept = []
    global_rows = []
    for name, negative, _, _, code, value, _ in image.rows("globals", "<IIIIQQd"):
        address = None
        if code & 0xff in INTEGERS:
            kept.append(getter(value, negative))
            address = ctypes.cast(kept[-1], ctypes.c_void_p)
        global_rows.append(Global(image.text(name), address, code, None))
    tables = {
        "types": array(ctypes.c_uint64, [row[0] for row in image.rows("types", "<Q")]),
        "globals": array(Global, global_rows),
        "structs": array(Struct, [Struct(image.text(name), kind, flags, MISSING if flags & OPAQUE else size,
                                         -1 if flags & OPAQUE else alignment, -1 if flags & OPAQUE else first, count)
                                  for name, kind, flags, alignment, size, first, count
                                  in image.rows("structs", "<IIIIQII")]),
        "fields": array(Field, [Field(image.text(name), offset, size, code)
                                for name, _, code, offset, size in image.rows("fields", "<IIQQQ")]),
        "enums": array(Enum, [Enum(image.text(name), kind, primitive, image.text(names))
                              for name, kind, primitive, names in image.rows("enums", "<IIII")]),
        "typenames": array(Typename, [Typename(image.text(name), kind)
                                      for name, kind in image.rows("typenames", "<II")]),
    }
    context = Context(flags=0, num_types=image.places["types"][1])
    for name, table in tables.items():
        setattr(context, name, ctypes.addressof(table))
        if name not in ("types", "fields"):
            setattr(context, "num_" + name, image.places[name][1])
    exports = (ctypes.c_void_p * 64)()
    name = ctypes.create_string_buffer(image.name)
    raw = (ctypes.c_void_p * 4)(ctypes.addressof(name), 0x2601, ctypes.addressof(exports), ctypes.addressof(context))
    kept += [tables, context, exports, name, raw]
    module = _cffi_backend._init_cffi_1_0_external_module(ctypes.addressof(raw))
    return module.ffi, module.lib, kept


def check_type(ffi, kind):
    """Makes the backend work out all of a type; it raises if it does not agree with the compiler."""
    if kind.kind in ("struct", "union") and kind.fields is not None:
        for _, field in kind.fields:
            check_type(ffi, field.type) if field.type.kind in ("struct", "union", "array") else None
        ffi.sizeof(kind)
    elif kind.kind == "enum":
        len(kind.elements)
    elif kind.kind == "array":
        check_type(ffi, kind.item)


def main():
    with open(sys.argv[1], "rb") as file:
        image = Image(file.read())
    ffi, lib, kept = load(image)
    count = 0
    for name, _ in image.rows("typenames", "<II"):
        text = image.text(name).decode()
        try:
            check_type(ffi, ffi.typeof(text))
        except ffi.error:
            ffi.typeof(text + " *")  # of a function there is the type of pointers to it only
        count += 1
    for name, kind, flags, alignment, size, _, _ in image.rows("structs", "<IIIIQII"):
        text = image.text(name).decode()
        if text.startswith("$"):
            continue  # reached through typedefs and fields
        found = ffi.typeof(("union " if flags & 1 else "struct ") + text)
        check_type(ffi, found)
        if not flags & OPAQUE:
            assert ffi.sizeof(found) == size and ffi.alignof(found) == alignment, text
        count += 1
    for name, _, _, _ in image.rows("enums", "<IIII"):
        text = image.text(name).decode()
        if not text.startswith("$"):
            check_type(ffi, ffi.typeof("enum " + text))
            count += 1
    for name, _, _, _, code, value, _ in image.rows("globals", "<IIIIQQd"):
        if code & 0xff in INTEGERS:
            got = getattr(lib, image.text(name).decode())
            assert got % (1 << 64) == value, image.text(name)
            count += 1
    print("%s: %d names accepted" % (image.name.decode(), count))


if __name__ == "__main__":
    main()
