import os
import time


def text(path):
    return open(path).read() if os.path.exists(path) else ""


def run(case):
    for how in ["handler", "thread", "oneway"]:
        path = case.path(how)
        process = case.popen(how, path)
        process.stdout.readline()
        time.sleep(0.3)
        case.equal(text(path), "", "%s: nothing has happened yet" % how)
        process.kill()
        case.finish(process)
        case.wait_for(lambda: text(path), "%s: Python notices" % how)
        # A handler that is not asking just then is told all the same.
        case.equal(text(path).replace(" lib.tell(): the program has ended", " "), "ClientGone \n", how)
    # And all goes on.
    path = case.path("again")
    process = case.popen("nothing", path)
    case.equal(process.stdout.readline(), b"ready\n", "another program")
    process.kill()
    case.finish(process)
