"""COIL_ON_ERROR=abort stops the program at its first failed call; otherwise the call returns its error value."""
import signal

TRACEBACK = "~ From callback .*\n...\nRuntimeError: as asked\n"


def run(case):
    case.check(case.run(), "-3\n", TRACEBACK)
    case.check(case.run(env={"COIL_ON_ERROR": "return"}), "-3\n", TRACEBACK)
    case.check(case.run(env={"COIL_ON_ERROR": "abort"}), "", TRACEBACK, status=-signal.SIGABRT)
