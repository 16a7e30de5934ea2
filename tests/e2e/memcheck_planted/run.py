"""What tests/memcheck.py would not notice is worth nothing: mistakes that are there, it reports."""
import memcheck


def run(case):
    for how, words in (("none", None), ("read", r"uninitialised value"), ("leak", r"100 bytes in 1 blocks are definitely lost")):
        if how == "leak" and case.sanitize:
            continue  # the leak sanitizer finds it, too
        case.check(case.run(how), "done\n")
        if case.memcheck:
            text = "\n".join(memcheck.take_reports(case))
            case.expect(bool(text) == bool(words), "%s: memcheck says: %s" % (how, text or "nothing"))
            case.matches(text, words or "^$", how)
            # libcoil is watched, not only the program
            case.expect(how != "read" or ": coil_" in text, "nothing is said of libcoil:\n" + text)
