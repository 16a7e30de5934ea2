"""A full ring with a worker that is busy, or stuck."""


def run(case):
    environment = {"COIL_TIMEOUT_MS": "250"}
    case.start_daemon("--gil-timeout-ms", 1500 * case.slow)
    result = case.run(env=environment)
    case.check(result, """\
quick: 1
error 13
in time: 1
flush: -1, error 13
queued and carried out: 1
flush: -1, error 13
in time, on another channel: 2
""", """\
~ coil: plugin.note\\(\\): its deadline of 250 ms has passed while the ring was full.*; the one-way call is lost
~ coil: coil_flush\\(\\): its deadline of 250 ms has passed while .*
~ coil: coil_flush\\(\\): its deadline of 250 ms has passed while .*
""")
    result = case.run("hold", env=environment)
    case.check(result, None, None)
    case.matches(result.stdout, "quick: 1\nerror 13\nquick: -?\\d\nanother worker\n")
    case.matches(result.stderr, "stuck|under way when the Python worker died")
