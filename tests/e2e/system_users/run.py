"""One daemon serves programs of several users, and obeys only its own and root."""
import os

import system


def run(case):
    with system.Daemon(case) as daemon:
        case.equal(os.stat(daemon.socket).st_mode & 0o777, 0o666, "mode of the socket")
        for number, user in enumerate((system.FIRST, system.SECOND, system.DAEMON, 0), 1):
            case.check(daemon.run(user), "42\n%d\ncall %d\n" % (user, number))

        # Whom the kernel cannot name may be anybody.
        result = daemon.run(65534)
        case.check(result, "0\ncall 0\n", None)
        case.matches(result.stderr, r"coil: plugin\.add\(\): user 65534 stands for users that this machine has no number for")

        for command in (["status"], ["status", "--json"], ["metrics"], ["trace"], ["reload"], ["stop"]):
            result = daemon.coilctl(*command, user=system.FIRST)
            case.equal(result.status, 1, "status of coilctl %s" % command)
            case.matches(result.stderr, r"tells and obeys only root and user %d" % system.DAEMON)
            case.equal(result.stdout, "", "what coilctl %s prints" % command)
        case.equal(daemon.coilctl("status", user=system.DAEMON).status, 0, "coilctl status, as the daemon's user")
        case.equal(daemon.coilctl("reload").status, 0, "coilctl reload, as root")
        case.check(daemon.run(system.FIRST), "42\n%d\ncall 1\n" % system.FIRST)
        case.matches(daemon.log(), r"client pid \d+ uid %d: it is refused: this is for root and user" % system.FIRST)
