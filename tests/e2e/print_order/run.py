"""What Python prints stands in order with the program's own printf: on a pipe, in a file, on a terminal."""
import os
import pty


def run(case):
    wanted = ""
    for i in range(300):
        wanted += "C %d\npython %d\nand more\nC again, no newline %d; " % (i, i, i)
    wanted += "\n"
    errors = "".join("python error %d\n" % i for i in (0, 100, 200))

    case.check(case.run(), wanted, errors)

    with open(case.path("output.txt"), "w+") as file:
        result = case.run(stdout=file)
        file.seek(0)
        result.stdout = file.read()
    case.check(result, wanted, errors)

    master, slave = pty.openpty()
    process = case.popen(stdout=slave)
    os.close(slave)
    output = b""
    while True:
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        if not data:
            break
        output += data
    os.close(master)
    result = case.finish(process)
    result.stdout = output.decode().replace("\r\n", "\n")
    case.check(result, wanted, errors)
