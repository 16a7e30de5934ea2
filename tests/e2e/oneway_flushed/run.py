"""What coil_flush() has waited for is settled, whatever becomes of the worker."""


def run(case):
    case.compile_with_coil("program.c", "program")
    case.check(case.run(program=case.path("program")), "failed: 0\n")
