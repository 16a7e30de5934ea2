"""Threads that Python has started itself: outside of calls and sessions nobody's C code is meant, unless Python is one
program's alone."""
WHY = ("no program is being served here, so it is not known whose C code is meant: use it in a function that a program "
       "calls, on the thread of that call; elsewhere `with session:`, of a session that coil.current() has returned in "
       "a call; or run the program with COIL_INTERPRETER=private, which gives it a Python of its own")
SHARED = """42
during the call: lib.plain(): %s
during the call: coil.current(): %s
after the call: lib.plain(): %s
after the call: lib.variable: %s
5
""" % (WHY, WHY, WHY, WHY)
PRIVATE = """42
during the call: 2
during the call: True
after the call: 3
after the call: 5
5
"""


def run(case):
    case.check(case.run(), SHARED)
    case.check(case.run(env={"COIL_INTERPRETER": "private"}), PRIVATE)
