"""A program is killed in C code that Python has called: the handler gets coil.ClientGone, and others are served."""
import os
import time

import case as support


def read(path, until):
    end = time.monotonic() + 20
    text = ""
    while time.monotonic() < end:
        if os.path.exists(path):
            with open(path) as file:
                text = file.read()
            if text.endswith(until):
                return text
        time.sleep(0.02)
    raise support.Failure("no %r in %r" % (until, text))


def run(case):
    path = os.path.join(case.work, "what_happened")
    program = case.popen(path)
    read(path, "waits\n")
    program.kill()
    program.wait()
    text = read(path, "end\n")
    expected = "waits\ncoil.ClientGone: lib.wait_for_ever(): the program has ended\n" \
               "coil.ClientGone: lib.plain(): the program has ended\nend\n"
    if text != expected:
        raise support.Failure(text)
    result = case.run()
    if result.stdout != "12\n":
        raise support.Failure(result.stdout + result.stderr)
