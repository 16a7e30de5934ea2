"""Manual pages: well-formed, one for each command, for coil.h and its functions, and nothing left out; --help and --version."""
import glob
import os
import re

COMMANDS = {"coild": "man8/coild.8", "coilctl": "man1/coilctl.1", "coil-stubgen": "man1/coil-stubgen.1"}


def text_of(place, page):
    """As a reader sees it, on one line, without hyphenation."""
    shown = place.run("man", "-l", page, env={"MANWIDTH": "500", "MANOPT": "--no-hyphenation", "LANG": "C.UTF-8"}).stdout
    return re.sub(r"\s+", " ", re.sub(".\b", "", shown).replace("‐", "-").replace("−", "-"))


def check_pages(place):
    folder = place.installed("share", "man")
    pages = sorted(glob.glob(folder + "/man*/*"))
    for page in pages:
        done = place.run("man", "--warnings=w", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page)
        place.equal(done.stderr, "", "warnings for " + page)
        with open(page) as file:
            place.expect("@" not in re.sub(r"@ffi", "", file.read()), page + " has places that were not filled in")
    names = {os.path.relpath(page, folder) for page in pages}
    place.expect(set(COMMANDS.values()) | {"man3/coil.h.3", "man7/coil.7"} <= names, "pages: " + " ".join(sorted(names)))
    return folder


def check_commands(place, folder):
    version = place.flags("--modversion", "coil")[0]
    for program, page in COMMANDS.items():
        path = place.installed("bin", program)
        text = text_of(place, os.path.join(folder, page))
        for option in ("--help", "-h"):
            shown = place.run(path, option, stderr="").stdout
            words = set(re.findall(r"(?<![\w-])--?[a-zA-Z][a-z-]*", shown)) - {"-g", "-O"}  # of the compiler
            missing = [word for word in sorted(words) if not re.search(re.escape(word) + r"(?![\w-])", text)]
            place.equal(missing, [], "options of %s that %s does not have" % (program, page))
            place.expect(max(map(len, shown.splitlines())) <= 100, program + " --help has lines of more than 100 characters")
            place.expect(shown.startswith("usage: " + program), program + " --help does not begin with how it is called")
        for option in ("--version", "-V"):
            place.run(path, option, stdout="%s %s\n" % (program, version), stderr="")
        done = place.run(path, "--no-such-option", status=None)
        place.expect(done.status in (1, 2) and done.stdout == "" and "--no-such-option" in done.stderr and
                     program + " --help" in done.stderr, "an unknown option of %s: %s" % (program, done.stderr))
    done = place.run(place.installed("bin", "coilctl"), status=2, stdout="")
    place.expect("status" in done.stderr and "coilctl --help" in done.stderr, "coilctl alone: " + done.stderr)
    done = place.run(place.installed("bin", "coilctl"), "staus", status=2, stdout="")
    place.expect("staus" in done.stderr and "status" in done.stderr, "coilctl staus: " + done.stderr)


def check_header(place, folder):
    page = os.path.join(folder, "man3", "coil.h.3")
    text = text_of(place, page)
    with open(place.installed("include", "coil.h")) as file:
        header = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
    functions = re.findall(r"\b(coil_\w+)\(", header)
    place.expect(len(functions) > 3, "coil.h has no functions")
    for name in functions + re.findall(r"\b(COIL_\w+)\b", header):
        place.expect(name == "COIL_H" or re.search(r"\b%s\b" % name, text), "coil.h(3) does not have " + name)
    for name in functions:
        place.equal(os.path.realpath(os.path.join(folder, "man3", name + ".3")), os.path.realpath(page), "page of " + name)


def check_variables(place, folder):
    """Those that the runtime reads."""
    text = text_of(place, os.path.join(folder, "man7", "coil.7"))
    with open(os.path.join(place.root, "client", "environment.c")) as file:
        variables = set(re.findall(r'secure_getenv\("(COIL_\w+)"\)', file.read())) - {"COIL_WORKER"}
    place.expect("COIL_MODE" in variables, "client/environment.c reads no COIL_MODE")
    for name in sorted(variables):
        place.expect(re.search(r"\b%s\b" % name, text), "coil(7) does not have " + name)


def run(place):
    place.need("man", "man-db")
    place.need("groff", "groff-base")
    folder = check_pages(place)
    check_commands(place, folder)
    check_header(place, folder)
    check_variables(place, folder)
