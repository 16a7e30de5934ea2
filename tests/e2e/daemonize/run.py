"""A program becomes a daemon before its first call, or after it."""
import os


def text(path):
    if not os.path.exists(path):
        return ""
    with open(path) as file:
        return file.read()


def run(case):
    for how in ("daemon", "twice"):
        for when in ("before", "after"):
            path = case.path("%s-%s-%s" % (case.mode, how, when))
            case.check(case.run(how, when, path), "")
            case.wait_for(lambda: text(path).endswith("\n"), "%s %s the first call: it has called" % (how, when), 30)
            case.equal(text(path), "100\n" if when == "before" else "4300\n", "%s %s the first call" % (how, when))
