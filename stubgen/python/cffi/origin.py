"""Where in the build script a declaration's text stands.

The core names a place as LABEL:LINE:COLUMN.  If the text is a string literal
of the script, it is handed on with blank lines and blanks in front of it, so
that the numbers are those of the script itself and an editor can jump there.
For any other text (computed, or read from a file) the label names the call,
and the numbers count from the start of the text.
"""
import ast
import os
import re
import sys

# The folder that coil-stubgen was run in; the script may go elsewhere.
START = os.getcwd()

PACKAGE = os.path.dirname(os.path.abspath(__file__))

# What stands before the first character of a literal's value: r""" and its kin.
OPENING = re.compile(r"""[rRuU]?('''|\"\"\"|'|\")""")


def find(text, method):
    """Returns (label, text to hand on) for `text`, given to `method` by the script's current call."""
    path, line = caller()
    place = literal(path, text)
    if place is None:
        return "%s:%d: %s()" % (shown(path), line, method), text
    first_line, column = place
    return shown(path), "\n" * (first_line - 1) + " " * column + text


def caller():
    """The file and line of the innermost frame outside this package."""
    frame = sys._getframe(1)
    while frame.f_back and os.path.dirname(os.path.abspath(frame.f_code.co_filename)) == PACKAGE:
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def shown(path):
    """The path as whoever ran the script would write it."""
    relative = os.path.relpath(path, START)
    return path if relative.startswith(os.pardir) else relative


def literal(path, text):
    """(line, column) of the text's first character in the file; None if it does not stand there as it is."""
    try:
        with open(path, "rb") as file:
            source = file.read().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        tree = ast.parse(source)
    except (OSError, ValueError, SyntaxError):
        return None
    # Not splitlines(): Python does not end a line at a form feed or at U+2028.
    lines = [line + "\n" for line in source.split("\n")]
    places = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value == text:
            places.append(start(lines, node, text))
    # The same text twice: the call that meant it cannot be told from the other.
    return places[0] if len(places) == 1 else None


def start(lines, node, text):
    # col_offset counts bytes of UTF-8.
    head = lines[node.lineno - 1].encode("utf-8")[node.col_offset:].decode("utf-8")
    opening = OPENING.match(head)
    if not opening:
        return None
    rest = head[opening.end():] + "".join(lines[node.lineno:])
    # Escapes and adjacent literals make the value differ from what is written; then lines do not correspond.
    if not rest.startswith(text):
        return None
    column = len(lines[node.lineno - 1]) - len(head) + opening.end()
    return node.lineno, column
