#!/usr/bin/python3
"""A random module, three times over: its declarations with Python handlers, the same functions in plain C, and a
program that calls them with random arguments.

    generate.py SEED FOLDER [--functions N]

writes build.py, api.h, reference.c and main.c.  Every function does the same thing in its own shape: it
folds all that it can read into one number, then derives from that number all that it may write, and its result.
So one wrong bit anywhere changes everything behind it, and the program needs to print a single digest.
"""
import argparse
import os
import random

PRIME = 0x100000001b3
INTEGERS = ["int8_t", "uint8_t", "int16_t", "uint16_t", "int32_t", "uint32_t", "int64_t", "uint64_t", "int", "long",
            "unsigned short", "size_t", "signed char", "unsigned long long"]
REALS = ["float", "double"]
BITS = {"int8_t": 8, "int16_t": 16, "int32_t": 32, "int64_t": 64, "int": 32, "long": 64, "signed char": 8,
        "uint8_t": -8, "uint16_t": -16, "uint32_t": -32, "uint64_t": -64, "unsigned short": -16, "size_t": -64,
        "unsigned long long": -64}


class Text:
    """Lines of C or Python, indented."""

    def __init__(self, depth=1):
        self.lines, self.depth, self.names = [], depth, 0

    def __call__(self, line):
        self.lines.append("    " * self.depth + line)

    def name(self):
        self.names += 1
        return "i%d" % self.names

    def __str__(self):
        return "\n".join(self.lines) + "\n"


# ---- scalars ----

class Scalar:
    def __init__(self, type):
        self.type = type

    def declare(self, name):
        return "%s %s" % (self.type, name)

    # Each method emits statements for one language; `at` is an expression for the place.
    def c_fold(self, c, at):
        c("h = fold(h, (uint64_t)(int64_t)%s);" % at)

    def py_fold(self, p, at):
        p("h = fold(h, int(%s))" % at)

    def c_value(self):
        if self.type in REALS:
            return "(%s)((int64_t)(h %% 2000001) - 1000000)" % self.type
        return "(%s)h" % self.type

    def py_value(self):
        if self.type in REALS:
            return "float(h % 2000001 - 1000000)"
        bits = BITS[self.type]
        return "signed(h, %d)" % bits if bits > 0 else "h & 0x%x" % ((1 << -bits) - 1)

    def c_write(self, c, at):
        c("h = fold(h, 1);")
        c("%s = %s;" % (at, self.c_value()))

    def py_write(self, p, at):
        p("h = fold(h, 1)")
        p("%s = %s" % (at, self.py_value()))

    def c_make(self, c, at):
        c("%s = %s;" % (at, self.c_value().replace("(h ", "(draw() ").replace(")h", ")draw()")))


# ---- what structs are made of ----

class InlineArray:
    def __init__(self, item, count):
        self.item, self.count = item, count

    def declare(self, name):
        return "%s[%d]" % (self.item.declare(name), self.count)

    def each(self, out, language, at, method):
        i = out.name()
        out(("for (int %s = 0; %s < %d; %s++) {" % (i, i, self.count, i)) if language == "c"
            else "for %s in range(%d):" % (i, self.count))
        out.depth += 1
        if language == "py":
            out("pass")  # the rest may be nothing
        getattr(self.item, method)(out, "%s[%s]" % (at, i))
        out.depth -= 1
        if language == "c":
            out("}")

    def c_fold(self, c, at):
        self.each(c, "c", at, "c_fold")

    def py_fold(self, p, at):
        self.each(p, "py", at, "py_fold")

    def c_write(self, c, at):
        self.each(c, "c", at, "c_write")

    def py_write(self, p, at):
        self.each(p, "py", at, "py_write")

    def c_make(self, c, at):
        self.each(c, "c", at, "c_make")


class NameField:
    """A string that Python reads; of another length each time; may be NULL."""
    note = " /* [string] */"  # said where a neighbour might be taken for its length

    def declare(self, name):
        return "const char *%s%s" % (name, self.note)

    def c_fold(self, c, at):
        c("h = fold_text(h, %s);" % at)

    def py_fold(self, p, at):
        p("h = fold_text(h, %s)" % at)

    def c_write(self, c, at):
        pass

    def py_write(self, p, at):
        pass

    def c_make(self, c, at):
        c("%s = draw() %% 8 ? make_text() : NULL;" % at)


class LabelField(NameField):
    """A string whose bytes Python may change, but not its length."""

    def declare(self, name):
        return "char *%s%s" % (name, self.note)

    def c_write(self, c, at):
        c("h = write_text(h, %s);" % at)

    def py_write(self, p, at):
        p("h = write_text(h, %s)" % at)


class CountedField:
    """A pointer and its length, two fields."""

    def __init__(self, item, number):
        self.item, self.number = item, number

    def declare(self, name):
        return "%s /* [counted_by(%s_count)] */; int32_t %s_count" % (self.item.declare("*" + name), name, name)

    def loop(self, out, language, at, method):
        i = out.name()
        if language == "c":
            out("for (int32_t %s = 0; %s && %s < %s_count; %s++) {" % (i, at, i, at, i))
        else:
            out("for %s in range(%s_count if %s else 0):" % (i, at, at))
        out.depth += 1
        if language == "py":
            out("pass")  # the rest may be nothing
        getattr(self.item, method)(out, "%s[%s]" % (at, i))
        out.depth -= 1
        if language == "c":
            out("}")

    def c_fold(self, c, at):
        c("h = fold(h, (uint64_t)(int64_t)%s_count);" % at)
        self.loop(c, "c", at, "c_fold")

    def py_fold(self, p, at):
        p("h = fold(h, %s_count)" % at)
        self.loop(p, "py", at, "py_fold")

    def c_write(self, c, at):
        self.loop(c, "c", at, "c_write")

    def py_write(self, p, at):
        self.loop(p, "py", at, "py_write")

    def c_make(self, c, at):
        c("%s_count = (int32_t)(draw() %% 6);" % at)
        c("%s = %s_count || draw() %% 2 ? take(6 * sizeof *%s) : NULL;" % (at, at, at))
        c("if (!%s)" % at)
        c("    %s_count = 0;" % at)
        self.loop(c, "c", at, "c_make")


class StructField:
    def __init__(self, struct):
        self.struct = struct

    def declare(self, name):
        return "struct %s %s" % (self.struct.name, name)

    def c_fold(self, c, at):
        self.struct.c_each(c, at, "c_fold")

    def py_fold(self, p, at):
        self.struct.py_each(p, at, "py_fold")

    def c_write(self, c, at):
        self.struct.c_each(c, at, "c_write")

    def py_write(self, p, at):
        self.struct.py_each(p, at, "py_write")

    def c_make(self, c, at):
        self.struct.c_each(c, at, "c_make")


class LinkField:
    """A pointer to another struct; read and written if it is not NULL."""

    def __init__(self, struct, constant):
        self.struct, self.constant = struct, constant
        self.note = " /* [%s, counted_by(1)] */" % ("in" if constant else "inout")

    def declare(self, name):
        return "%sstruct %s *%s%s" % ("const " if self.constant else "", self.struct.name, name, self.note)

    def both(self, out, language, at, method):
        out("if (%s) {" % at if language == "c" else "if %s:" % at)
        out.depth += 1
        if language == "c":
            out("h = fold(h, 3);")
            self.struct.c_each(out, "(*%s)" % at, method)
        else:
            out("h = fold(h, 3)")
            self.struct.py_each(out, at, method)
        out.depth -= 1
        if language == "c":
            out("}")

    def c_fold(self, c, at):
        self.both(c, "c", at, "c_fold")

    def py_fold(self, p, at):
        self.both(p, "py", at, "py_fold")

    def c_write(self, c, at):
        if not self.constant:
            self.both(c, "c", at, "c_write")

    def py_write(self, p, at):
        if not self.constant:
            self.both(p, "py", at, "py_write")

    def c_make(self, c, at):
        inner = c.name()
        c("%s = NULL;" % at)
        c("if (draw() % 4) {")
        c.depth += 1
        c("struct %s *%s = take(sizeof *%s);" % (self.struct.name, inner, inner))
        self.struct.c_each(c, "(*%s)" % inner, "c_make")
        c("%s = %s;" % (at, inner))
        c.depth -= 1
        c("}")


class Struct:
    def __init__(self, name, fields):
        self.name = name
        self.fields = [("f%d" % i, field) for i, field in enumerate(fields)]

    def definition(self):
        lines = ["    %s;" % field.declare(name) for name, field in self.fields]
        return "struct %s {\n%s\n};\n" % (self.name, "\n".join(lines))

    def c_each(self, c, at, method):
        for name, field in self.fields:
            getattr(field, method)(c, "%s.%s" % (at, name))

    def py_each(self, p, at, method):
        for name, field in self.fields:
            getattr(field, method)(p, "%s.%s" % (at, name))

    def is_flat(self):
        return all(isinstance(f, (Scalar, InlineArray)) or isinstance(f, StructField) and f.struct.is_flat()
                   for _, f in self.fields)


# ---- parameters: each names its C parameters, and what the program, the handler and the reference do ----

class Parameter:
    def __init__(self, number):
        self.n = "p%d" % number

    def python_names(self):
        return [self.n]

    def c_fold(self, c): pass
    def py_fold(self, p): pass
    def c_write(self, c): pass
    def py_write(self, p): pass
    def after(self, c):
        """The program folds what the call may have changed."""

    def needs_no_note(self):
        """No integer is near that could be a length, so the declaration says enough."""


class Value(Parameter):
    def __init__(self, number, scalar):
        super().__init__(number)
        self.scalar = scalar

    def declare(self):
        return [self.scalar.declare(self.n)]

    def make(self, c):
        c("%s;" % self.scalar.declare(self.n))
        self.scalar.c_make(c, self.n)
        return [self.n]

    def c_fold(self, c):
        self.scalar.c_fold(c, self.n)

    def py_fold(self, p):
        self.scalar.py_fold(p, self.n)


class StructValue(Value):
    """A struct by value, with whatever is behind its pointers."""

    def __init__(self, number, struct):
        super().__init__(number, StructField(struct))


class String(Parameter):
    def __init__(self, number, writable):
        super().__init__(number)
        self.field = LabelField() if writable else NameField()

    def needs_no_note(self):
        self.field.note = ""

    def declare(self):
        return [self.field.declare(self.n)]

    def make(self, c):
        c("%s;" % self.field.declare(self.n))
        self.field.c_make(c, self.n)
        return [self.n]

    def c_fold(self, c):
        self.field.c_fold(c, self.n)

    def py_fold(self, p):
        self.field.py_fold(p, self.n)

    def c_write(self, c):
        self.field.c_write(c, self.n)

    def py_write(self, p):
        self.field.py_write(p, self.n)

    def after(self, c):
        self.field.c_fold(c, self.n)


class Array(Parameter):
    """`kind`: in, inout, out; `item` a scalar or a struct."""

    def __init__(self, number, item, kind, counter, inferred):
        super().__init__(number)
        self.item, self.kind, self.counter, self.inferred = item, kind, counter, inferred

    def declare(self):
        const = "const " if self.kind == "in" else ""
        words = {"in": "counted_by(%s_n)", "inout": "inout, counted_by(%s_n)",
                 "out": "out, counted_by(%s_n), length(*%s_len)"}[self.kind]
        words = words % ((self.n,) * words.count("%s"))
        note = "" if self.kind == "in" and self.inferred else " /* [%s] */" % words
        parts = ["%s%s%s" % (const, self.item.declare("*" + self.n), note), "%s %s_n" % (self.counter, self.n)]
        if self.kind == "out":
            parts.append("int *%s_len /* [out] */" % self.n)
        return parts

    def python_names(self):
        return [self.n, self.n + "_n"] + ([self.n + "_len"] if self.kind == "out" else [])

    def make(self, c):
        c("%s %s_n = (%s)(draw() %% 12);" % (self.counter, self.n, self.counter))
        c("%s = draw() %% 10 ? take(12 * sizeof *%s) : NULL;" % (self.item.declare("*" + self.n), self.n))
        c("if (!%s)" % self.n)
        c("    %s_n = 0;" % self.n)
        if self.kind == "out":
            c("int %s_length = 0;" % self.n)
        else:
            self.loop(c, "c", "c_make")
        return [self.n, self.n + "_n"] + (["&%s_length" % self.n] if self.kind == "out" else [])

    def loop(self, out, language, method, length=None):
        i, count = out.name(), length or self.n + "_n"
        if language == "c":
            out("for (%s %s = 0; %s < %s; %s++) {" % (self.counter, i, i, count, i))
        else:
            out("for %s in range(%s):" % (i, count))
        out.depth += 1
        if language == "py":
            out("pass")  # the rest may be nothing
        getattr(self.item, method)(out, "%s[%s]" % (self.n, i))
        out.depth -= 1
        if language == "c":
            out("}")

    def c_fold(self, c):
        c("h = fold(h, (uint64_t)%s_n);" % self.n)
        if self.kind != "out":
            self.loop(c, "c", "c_fold")

    def py_fold(self, p):
        p("h = fold(h, %s_n)" % self.n)
        if self.kind != "out":
            self.loop(p, "py", "py_fold")

    def c_write(self, c):
        if self.kind == "out":
            c("*%s_len = (int)(h %% ((uint64_t)%s_n + 1));" % (self.n, self.n))
            self.loop(c, "c", "c_write", "(%s)*%s_len" % (self.counter, self.n))
        elif self.kind == "inout":
            self.loop(c, "c", "c_write")

    def py_write(self, p):
        if self.kind == "out":
            p("%s_len[0] = h %% (%s_n + 1)" % (self.n, self.n))
            self.loop(p, "py", "py_write", "%s_len[0]" % self.n)
        elif self.kind == "inout":
            self.loop(p, "py", "py_write")

    def after(self, c):
        if self.kind == "out":
            c("h = fold(h, (uint64_t)%s_length);" % self.n)
            self.loop(c, "c", "c_fold", "(%s)%s_length" % (self.counter, self.n))
        elif self.kind == "inout":
            self.loop(c, "c", "c_fold")


class StructPointer(Parameter):
    def __init__(self, number, struct, constant):
        super().__init__(number)
        self.field = LinkField(struct, constant)

    def needs_no_note(self):
        self.field.note = ""

    def declare(self):
        return [self.field.declare(self.n)]

    def make(self, c):
        c("%s;" % self.field.declare(self.n))
        self.field.c_make(c, self.n)
        return [self.n]

    def c_fold(self, c):
        self.field.c_fold(c, self.n)

    def py_fold(self, p):
        self.field.py_fold(p, self.n)

    def c_write(self, c):
        self.field.c_write(c, self.n)

    def py_write(self, p):
        self.field.py_write(p, self.n)

    def after(self, c):
        self.field.c_fold(c, self.n)


class Strings(Parameter):
    """Counted, or up to a NULL."""

    def __init__(self, number, counted):
        super().__init__(number)
        self.counted = counted

    def declare(self):
        if self.counted:
            return ["const char *const *%s /* [string, counted_by(%s_n)] */" % (self.n, self.n), "int %s_n" % self.n]
        return ["const char *const *%s /* [string] */" % self.n]

    def python_names(self):
        return [self.n, self.n + "_n"] if self.counted else [self.n]

    def make(self, c):
        c("const char **%s = draw() %% 8 ? take(8 * sizeof *%s) : NULL;" % (self.n, self.n))
        c("int %s_n = %s ? (int)(draw() %% 7) : 0;" % (self.n, self.n))
        c("for (int i = 0; i < %s_n; i++)" % self.n)
        c("    %s[i] = %smake_text();" % (self.n, "draw() % 5 == 0 ? NULL : " if self.counted else ""))
        return [self.n, self.n + "_n"] if self.counted else [self.n]

    def c_fold(self, c):
        end = "i < %s_n" % self.n if self.counted else "%s && %s[i]" % (self.n, self.n)
        c("for (int i = 0; %s; i++)" % end)
        c("    h = fold_text(h, %s[i]);" % self.n)

    def py_fold(self, p):
        if self.counted:
            p("for i in range(%s_n):" % self.n)
            p("    h = fold_text(h, %s[i])" % self.n)
        else:
            p("i = 0")
            p("while %s and %s[i]:" % (self.n, self.n))
            p("    h = fold_text(h, %s[i])" % self.n)
            p("    i += 1")


class List(Parameter):
    """A linked list, which may be a ring; `p_n` says how many nodes to visit."""

    def declare(self):
        return ["struct node *%s /* [inout, counted_by(1)] */" % self.n, "int visits_%s" % self.n]

    def python_names(self):
        return [self.n, "visits_" + self.n]

    def make(self, c):
        c("struct node *%s = NULL, *%s_last = NULL;" % (self.n, self.n))
        c("int visits_%s = (int)(draw() %% 12);" % self.n)
        c("for (uint64_t count = draw() % 9; count > 0; count--) {")
        c("    struct node *one = take(sizeof *one);")
        c("    one->value = (int64_t)draw();")
        c("    one->next = %s;" % self.n)
        c("    if (!%s_last)" % self.n)
        c("        %s_last = one;" % self.n)
        c("    %s = one;" % self.n)
        c("}")
        c("if (%s_last && draw() %% 3 == 0)" % self.n)
        c("    %s_last->next = %s;" % (self.n, self.n))
        return [self.n, "visits_" + self.n]

    def walk(self, c, statements):
        c("{")
        c("    struct node *at = %s;" % self.n)
        c("    for (int visit = 0; at && visit < visits_%s; visit++, at = at->next) {" % self.n)
        for statement in statements:
            c("        " + statement)
        c("    }")
        c("}")

    def py_walk(self, p, statements):
        p("at, visit = %s, 0" % self.n)
        p("while at and visit < visits_%s:" % self.n)
        for statement in statements:
            p("    " + statement)
        p("    at, visit = at.next, visit + 1")

    def c_fold(self, c):
        self.walk(c, ["h = fold(h, (uint64_t)at->value);"])

    def py_fold(self, p):
        self.py_walk(p, ["h = fold(h, at.value)"])

    def c_write(self, c):
        self.walk(c, ["h = fold(h, 1);", "at->value = (int64_t)h;"])

    def py_write(self, p):
        self.py_walk(p, ["h = fold(h, 1)", "at.value = signed(h, 64)"])

    after = c_fold


class Callback(Parameter):
    """The handler calls it; what it does depends on its context, and it may call Python again."""

    def declare(self):
        return ["int64_t (*%s)(void *context, int64_t x)" % self.n, "void *%s_context" % self.n]

    def python_names(self):
        return [self.n, self.n + "_context"]

    def make(self, c):
        c("uint64_t *%s_context = take(2 * sizeof(uint64_t));" % self.n)
        c("%s_context[0] = draw();" % self.n)
        c("%s_context[1] = draw() %% 4;" % self.n)
        return ["called_back", self.n + "_context"]

    def c_fold(self, c):
        c("h = fold(h, (uint64_t)%s(%s_context, (int64_t)h));" % (self.n, self.n))

    def py_fold(self, p):
        p("h = fold(h, %s(%s_context, signed(h, 64)))" % (self.n, self.n))

    def after(self, c):
        c("h = fold(h, %s_context[0]);" % self.n)


# ---- functions ----

class Function:
    def __init__(self, name, parameters, result, helper):
        self.name, self.parameters, self.result, self.helper = name, parameters, result, helper

    def declare(self):
        parameters = [part for p in self.parameters for part in p.declare()]
        result = "void" if self.result is None else self.result.declare("").strip()
        return "%s %s(%s)" % (result, self.name, ", ".join(parameters) or "void")

    def c_body(self):
        c = Text()
        c("uint64_t h = %du;" % (len(self.name) + 7))
        for p in self.parameters:
            p.c_fold(c)
        if self.helper:
            c("h = fold(h, (uint64_t)helper((int64_t)h, \"helped\", %d));" % self.helper)
        for p in self.parameters:
            p.c_write(c)
        if self.result is not None:
            c("%s;" % self.result.declare("result"))
            c("memset(&result, 0, sizeof result);")
            self.result.c_write(c, "result")
            c("return result;")
        return str(c)

    def python(self):
        p = Text()
        names = [n for one in self.parameters for n in one.python_names()]
        p("@ffi.def_extern()")
        p("def %s(%s):" % (self.name, ", ".join(names)))
        p.depth += 1
        p("h = %d" % (len(self.name) + 7))
        for one in self.parameters:
            one.py_fold(p)
        if self.helper:
            p("h = fold(h, lib.helper(signed(h, 64), b\"helped\", %d))" % self.helper)
        for one in self.parameters:
            one.py_write(p)
        if isinstance(self.result, StructField):
            p("result = ffi.new(\"struct %s *\")" % self.result.struct.name)
            self.result.py_write(p, "result")
            p("return result[0]")
        elif self.result is not None:
            self.result.py_write(p, "result")
            p("return result")
        p.depth -= 1
        return str(p)

    def call(self):
        """One random call, in the program."""
        c = Text()
        arguments = [a for p in self.parameters for a in p.make(c)]
        invocation = "%s(%s)" % (self.name, ", ".join(arguments))
        if self.result is None:
            c("%s;" % invocation)
        else:
            c("%s;" % self.result.declare("result"))
            c("result = %s;" % invocation)
            self.result.c_fold(c, "result")
        for p in self.parameters:
            p.after(c)
        c("return h;")
        return "static uint64_t call_%s(uint64_t h)\n{\n%s}\n" % (self.name, c)


SUPPORT = """
#include <string.h>

static inline uint64_t fold(uint64_t h, uint64_t value)
{
    return (h ^ value) * UINT64_C(0x100000001b3);
}

static inline uint64_t fold_text(uint64_t h, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; at && *at; at++)
        h = fold(h, *at);
    return fold(h, text ? 5 : 6);
}

static inline uint64_t write_text(uint64_t h, char *text)
{
    for (; text && *text; text++) {
        h = fold(h, 1);
        *text = (char)('a' + h % 26);
    }
    return h;
}
"""

# In the module's C source, so that Python reaches it through lib, and in the reference.
HELPER = """
static int64_t helper(int64_t x, const char *text, int depth)
{
    uint64_t h = fold((uint64_t)x, (uint64_t)depth);

    h = fold_text(h, text);
    return depth > 0 ? again((int64_t)h, depth - 1) : (int64_t)h;
}
"""

PYTHON_SUPPORT = """
    from plugin import ffi, lib
    MASK = 0xffffffffffffffff

    def fold(h, value):
        return ((h ^ (value & MASK)) * 0x100000001b3) & MASK

    def signed(h, bits):
        h &= (1 << bits) - 1
        return h - (1 << bits) if h >> (bits - 1) else h

    def fold_text(h, text):
        if not text:
            return fold(h, 6)
        for byte in ffi.string(text):
            h = fold(h, byte)
        return fold(h, 5)

    def write_text(h, text):
        if text:
            for i in range(len(ffi.string(text))):
                h = fold(h, 1)
                text[i] = bytes([97 + h % 26])
        return h

    @ffi.def_extern()
    def again(x, depth):
        h = fold(x & MASK, 11)
        return signed(fold(h, lib.helper(signed(h, 64), b"again", depth)), 64)
"""

PROGRAM = """
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Memory of one call. */
static alignas(16) unsigned char memory[1 << 16];
static size_t taken;

static void *take(size_t size)
{
    void *place = memory + taken;

    taken += (size + 15) / 16 * 16;
    if (taken > sizeof memory)
        abort();
    return memset(place, 0, size);
}

static uint64_t state;

static uint64_t draw(void)
{
    uint64_t x = state += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static char *make_text(void)
{
    size_t length = draw() % 30;
    char *text = take(length + 1);

    for (size_t i = 0; i < length; i++)
        text[i] = (char)(draw() % 255 + 1);
    return text;
}

static int64_t called_back(void *context, int64_t x)
{
    uint64_t *own = context;

    own[0] = fold(own[0], (uint64_t)x);
    if (own[1] > 0) {
        own[1]--;
        return again((int64_t)own[0], 1);
    }
    return (int64_t)own[0];
}
"""

MAIN = """
int main(int argc, char **argv)
{
    static uint64_t (*const calls[])(uint64_t) = { %s };
    long count = argc > 1 ? atol(argv[1]) : 1000;
    uint64_t h = 1;

    state = argc > 2 ? (uint64_t)atol(argv[2]) : 1;
    for (long i = 0; i < count; i++) {
        taken = 0;
        h = calls[draw() %% (sizeof calls / sizeof *calls)](h);
        if (i %% 100 == 99 || i == count - 1)
            printf("%%ld %%016" PRIx64 "\\n", i + 1, h);
    }
    return 0;
}
"""


def scalar(rng):
    return Scalar(rng.choice(REALS) if rng.random() < 0.2 else rng.choice(INTEGERS))


def field(rng, structs):
    kind = rng.random()
    flat = [s for s in structs if s.is_flat()]
    if kind < 0.4 or not structs:
        return scalar(rng)
    if kind < 0.5:
        return InlineArray(scalar(rng), rng.randint(1, 5))
    if kind < 0.6:
        return NameField()
    if kind < 0.68:
        return LabelField()
    if kind < 0.8:
        return CountedField(StructField(rng.choice(flat)) if flat and rng.random() < 0.3 else scalar(rng), 0)
    if kind < 0.9:
        return StructField(rng.choice(structs))
    return LinkField(rng.choice(structs), rng.random() < 0.4)


def parameter(rng, number, structs):
    kind = rng.random()
    flat = [s for s in structs if s.is_flat()]
    if kind < 0.3:
        return Value(number, scalar(rng))
    if kind < 0.42:
        return String(number, rng.random() < 0.5)
    if kind < 0.62:
        how = rng.choice(["in", "inout", "out"])
        item = scalar(rng)
        if rng.random() < 0.25:
            item = StructField(rng.choice(flat if how == "out" else structs))
        return Array(number, item, how, rng.choice(["int", "size_t", "unsigned short"]), rng.random() < 0.5)
    if kind < 0.78:
        return StructPointer(number, rng.choice(structs), rng.random() < 0.4)
    if kind < 0.84:
        return StructValue(number, rng.choice(structs))
    if kind < 0.91:
        return Strings(number, rng.random() < 0.5)
    if kind < 0.95:
        return List(number)
    return Callback(number)


def generate(seed, count):
    """{file name: text}"""
    rng = random.Random(seed)
    structs = [Struct("s0", [scalar(rng) for _ in range(rng.randint(1, 4))])]
    for i in range(1, 6):
        structs.append(Struct("s%d" % i, [field(rng, structs) for _ in range(rng.randint(1, 5))]))
    functions = []
    for i in range(count):
        parameters = [parameter(rng, n, structs) for n in range(rng.randint(0, 6))]
        if not any(isinstance(p, (Array, Strings, List)) for p in parameters):
            for p in parameters:
                p.needs_no_note()
        result = rng.choice([None, scalar(rng), scalar(rng), StructField(rng.choice([s for s in structs if s.is_flat()]))])
        functions.append(Function("f%d" % i, parameters, result, rng.randint(1, 3) if rng.random() < 0.3 else 0))

    types = "struct node {\n    int64_t value;\n    struct node *next;\n};\n" + "".join(s.definition() for s in structs)
    api = "".join("%s;\n" % f.declare() for f in functions) + "int64_t again(int64_t x, int depth);\n"
    header = "#include <stddef.h>\n#include <stdint.h>\n\n" + types + api
    reference = '#include "api.h"\n' + SUPPORT + HELPER
    reference += "\nint64_t again(int64_t x, int depth)\n{\n    uint64_t h = fold((uint64_t)x, 11);\n\n" \
                 "    return (int64_t)fold(h, (uint64_t)helper((int64_t)h, \"again\", depth));\n}\n"
    for f in functions:
        reference += "\n%s\n{\n%s}\n" % (f.declare(), f.c_body())
    build = "import cffi\n\nffi = cffi.FFI()\nffi.embedding_api(%r)\nffi.cdef(%r)\n" % (
        types + api, "int64_t helper(int64_t x, const char *text, int depth);")
    build += "ffi.set_source(\"plugin\", %r)\n" % ('#include "api.h"\n' + SUPPORT + HELPER)
    build += "ffi.embedding_init_code(\"\"\"%s%s\"\"\")\nffi.compile()\n" % (
        PYTHON_SUPPORT.replace("\\", "\\\\"), "\n" + "\n".join(f.python() for f in functions))
    main = '#include "api.h"\n#include <stdalign.h>\n' + SUPPORT + PROGRAM + "\n" + "\n".join(f.call() for f in functions)
    main += MAIN % ", ".join("call_" + f.name for f in functions)
    return {"api.h": header, "reference.c": reference, "build.py": build, "main.c": main}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int)
    parser.add_argument("folder")
    parser.add_argument("--functions", type=int, default=20)
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    for name, text in generate(options.seed, options.functions).items():
        with open(os.path.join(options.folder, name), "w") as file:
            file.write(text)


if __name__ == "__main__":
    main()
