"""What of another FFI's declarations include() takes over.

The including module is generated with the other's declarations in front of its
own.  Types and constants stay; `extern "Python"` functions go, because the
other module implements them and this one must not do so again.
"""
import re

# Comments and literals are tokens, so that nothing inside them is taken for code.
TOKEN = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | \w+ | \s+ | .""", re.S | re.X
)
SKIPPED = re.compile(r"/\*|//|\s")
PYTHON = re.compile(r'"Python(\+C)?"$')


def without_python_functions(text):
    """`text` with every `extern "Python"` function blanked out; lines and columns stay where they were."""
    tokens = TOKEN.findall(text)
    at = 0
    while at < len(tokens):
        opening = code_after(tokens, at)
        if tokens[at] == "extern" and opening < len(tokens) and PYTHON.match(tokens[opening]):
            at = blank_declarations(tokens, at, opening)
        else:
            at += 1
    return "".join(tokens)


def code_after(tokens, at):
    """The index of the next token that is neither blank nor comment."""
    at += 1
    while at < len(tokens) and SKIPPED.match(tokens[at]):
        at += 1
    return at


def blank_declarations(tokens, at, opening):
    """Handles `extern "Python" ...;` and `extern "Python" { ... }`; returns the index behind it."""
    first = code_after(tokens, opening)
    if first >= len(tokens) or tokens[first] != "{":
        end = declaration_end(tokens, opening)
        blank(tokens, at, end)
        return end
    blank(tokens, at, first + 1)
    at = first + 1
    while at < len(tokens) and tokens[at] != "}":
        if SKIPPED.match(tokens[at]):
            at += 1
            continue
        end = declaration_end(tokens, at)
        if is_function(tokens, at, end):
            blank(tokens, at, end)
        at = end
    blank(tokens, at, at + 1)
    return at + 1


def declaration_end(tokens, at):
    """The index behind the semicolon that ends the declaration."""
    depth = 0
    while at < len(tokens):
        if tokens[at] in ("(", "{", "["):
            depth += 1
        elif tokens[at] in (")", "}", "]"):
            depth -= 1
            if depth < 0:
                return at  # The brace that closes the block: the core will miss the semicolon.
        elif tokens[at] == ";" and depth == 0:
            return at + 1
        at += 1
    return at


def is_function(tokens, at, end):
    code = [token for token in tokens[at:end] if not SKIPPED.match(token)]
    return len(code) > 2 and code[0] != "typedef" and code[-2] == ")"


def blank(tokens, start, end):
    for at in range(start, min(end, len(tokens))):
        tokens[at] = re.sub(r"[^\n]", " ", tokens[at])
