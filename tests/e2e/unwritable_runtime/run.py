"""The runtime folder cannot be made or is not ours alone: a message that names it, and the error value."""
import os
import time


def refused(case, environment, word):
    begin = time.monotonic()
    result = case.run(env=environment)
    case.check(result, "0\n", None)
    case.expect(word in result.stderr, "stderr does not name %s: %s" % (word, result.stderr))
    case.expect(time.monotonic() - begin < 10 * case.slow, "took %.1f s" % (time.monotonic() - begin))
    case.wait_for(lambda: not case.daemons(), "no daemon stays")


def run(case):
    del case.env["COIL_SOCKET"]
    # /proc takes no folders, from root neither.
    refused(case, {"XDG_RUNTIME_DIR": "/proc/coil-cannot-be-here"}, "/proc/coil-cannot-be-here")
    refused(case, {"COIL_SOCKET": "/proc/no/coild.sock"}, "/proc/no")
    # A folder that everybody can write to.
    shared = os.path.join(case.run_folder, "coil")
    os.mkdir(shared)
    os.chmod(shared, 0o777)
    refused(case, {}, shared)
    os.rmdir(shared)
    # The default place, made by coil.
    case.check(case.run(), "42\n")
    case.equal(os.stat(shared).st_mode & 0o777, 0o700, "mode of the runtime folder")
