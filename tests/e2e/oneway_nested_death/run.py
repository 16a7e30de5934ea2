"""See program.c.  coil_flush() says that calls are lost, and the one inside the lost call is."""


def run(case):
    case.compile_with_coil("program.c", "program")
    case.check(case.run(program=case.path("program")), """\
watch: -1
inside: -1
not started: 1
flushed: -1, died: 1
inside, then: -1
around: -1
behind: 3
noted: 123
flushed: -1
flushed: 0
noted: 1236
""", r"""~ coil: plugin.watch\(\): the Python worker .* died while it ran this call; .*
~ coil: plugin.add\(\): the Python worker that this call would be made inside of has died; .*
~ coil: plugin.note\(\): the Python worker that this call would be made inside of has died; the one-way call is lost
~ coil: coil_flush\(\): the Python worker .* died before the call began
~ coil: plugin.add\(\): the Python worker that this call would be made inside of has died; .*
~ coil: plugin.note\(\): the Python worker that this call would be made inside of has died; the one-way call is lost
coil: plugin.slow(): the one-way call was under way when the Python worker died
~ coil: plugin.around\(\): the Python worker .* died while it ran this call; .*
""")
