EXPECTED = """1 0 0
no Python
address: same
sum: 4950
sum of a part: 3725
kept from an earlier call: 51
text: xxx, 99
middle: same
handshake: 7
flags: 3 2
large: z z 1
again: 1
reused: 1
"""


def run(case):
    include, library = case.build + "/include", case.build + "/lib"
    case.compile("program.c", "program", "-I" + include, "./plugin.so", "-L" + library, "-Wl,-rpath," + library,
                 "-Wl,-rpath,.", "-lcoil", link=False)
    program = case.path("program")
    for _ in range(2):
        case.check(case.run(program=program), EXPECTED)
    case.check(case.run("offline", program=program, env={"COIL_AUTOSTART": "0", "COIL_SOCKET": "/nowhere"}),
               "".join(EXPECTED.splitlines(True)[:2]))
