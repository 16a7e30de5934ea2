"""Handlers that crash, exit, recurse and allocate without end: the program survives each, and its next call works."""

DIES = ["segfault", "abort", "os._exit(3)", "stack overflow in C", "kill -9 itself"]
MORE = ["exit(4) in C", "allocating for ever in C", "SIGTERM to itself", "a fault in a Python thread", "division by zero in C"]
RAISES = ["sys.exit(5)", "endless recursion", "bytearray(1 << 60)", "allocating for ever"]


def lines(names, status, python):
    return "".join("%s: -1 (%s); the next call: 42, in %s Python\n" % (name, status, python) for name in names)


# A sanitizer's allocator answers with a report, not with NULL, or takes minutes to get there.
ALLOCATES = ["allocating for ever in C", "bytearray(1 << 60)", "allocating for ever"]


def of(case, names):
    return [name for name in names if not (case.sanitize and name in ALLOCATES)]


def run(case):
    case.crashes = True
    more, raises = of(case, MORE), of(case, RAISES)
    include, library = case.build + "/include", case.build + "/lib"
    case.compile("overflow.c", "liboverflow.so", "-shared", "-fPIC", "-Wno-infinite-recursion", "-fno-optimize-sibling-calls",
                 link=False)
    case.compile("program.c", "program", "-I" + include, "./plugin.so", "-L" + library, "-Wl,-rpath," + library, "-Wl,-rpath,.",
                 "-lcoil", link=False)
    overflow = case.path("liboverflow.so")
    result = case.run(overflow, *DIES, program=case.path("program"), timeout=60)
    case.check(result, lines(DIES, "died", "another"), None)
    case.coilctl("reload")  # one more of these within a minute, and the function would be refused
    result = case.run(overflow, *more, program=case.path("program"), timeout=60)
    case.check(result, lines(more, "died", "another"), None)
    case.coilctl("reload")
    result = case.run(overflow, *raises, program=case.path("program"), timeout=60)
    case.check(result, lines(raises, "exception", "the same"), None)
    for name in ("RecursionError", "SystemExit: 5") + (() if case.sanitize else ("MemoryError",)):
        case.matches(result.stderr, name, "stderr")
