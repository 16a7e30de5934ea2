"""Every block of code in README.md and docs/ is tried, in an empty folder for each page, with the installed coil.

What a block is stands in a comment before it, which readers do not see:

    <!-- try: KIND WORDS          and the block follows; one without such a comment is a mistake
    TEXT -->
    <!-- do: COMMANDS -->         for the shell, in the page's folder; pages find each other's folders beside theirs

| kind | |
|---|---|
| `file NAME` | is written there; if there is TEXT, in the place of its line @@ |
| `sh` | commands; TEXT: what they print, as in expected.stderr of end-to-end cases |
| `session` | commands behind "$ ", and below each what it prints, give or take numbers |
| `like COMMAND` | is among what the command prints on stdout and stderr, line by line, give or take numbers |
| `declarations` | a header that coil-stubgen accepts; TEXT as for files |
| `statements` | C inside of a function of a program that includes coil.h; TEXT as for files, in front of main() |
| `ini` | a file that coild --check-config accepts |
| `picture` | nothing to run |
| `not REASON` | cannot be run here |

WORDS like a=b replace a by b in the block, for what only some machines have.
"""
import glob
import os
import re
import shutil
import subprocess

import case as support

BLOCK = re.compile(r"<!-- (?P<what>do|try): (?P<text>.*?)-->[ ]*\n|^```(?P<language>\w*)\n(?P<block>.*?)^```$", re.DOTALL | re.MULTILINE)
DURATION = r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)? (?:ns|us|ms|s)(?!\w)"


def shape(line):
    """The line without what is another number each time."""
    line = re.sub(DURATION, "T", line.strip())
    line = re.sub(r"\b\d+ (\w+?)s?\b", r"N \1", line)
    return re.sub(r"\d+", "N", line)


class Page:
    def __init__(self, place, path):
        self.place, self.path = place, path
        self.name = os.path.relpath(path, place.root)
        self.folder = place.path(os.path.basename(path).rsplit(".", 1)[0])
        os.makedirs(self.folder, exist_ok=True)
        self.left_out, self.tried, self.line = [], 0, 0
        with open(path, encoding="utf-8") as file:
            self.text = file.read()

    def fail(self, text):
        raise support.Failure("%s:%d: %s" % (self.name, self.line, text))

    def shell(self, commands, what="sh"):
        environment = dict(self.place.env, ROOT=self.place.root, PREFIX=self.place.prefix, BUILD=self.place.build,
                           PATH=self.place.installed("bin") + ":" + self.place.env["PATH"])
        # What builds coil uses the build that is there.
        commands = 'make() { command %s --no-print-directory -C "$ROOT" BUILD="$BUILD" SETUP=no "$@" >/dev/null; }\n%s' % (
            " ".join(self.place.make_command), commands)
        done = subprocess.run(["sh", "-e", "-c", commands], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=280)
        if done.returncode != 0 and what != "like":
            self.fail("ended with status %d\n%s%s" % (done.returncode, done.stdout, done.stderr))
        return done

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def compare(self, wanted, got):
        """Each line of `wanted`, in order, among those of `got`."""
        rest = iter([shape(line) for line in got.splitlines()])
        for line in wanted.splitlines():
            if shape(line) not in rest:
                self.fail("there is no line like %r in\n%s" % (line, got))

    # ---- kinds ----

    def try_file(self, words, text, block):
        self.write(words[0], text.replace("@@\n", block) if text else block)

    def try_sh(self, words, text, block):
        done = self.shell(block)
        if text and not support.lines_match(text.splitlines(), done.stdout.splitlines()):
            self.fail(support.difference(text, done.stdout, "stdout"))

    def try_session(self, words, text, block):
        for command, wanted in re.findall(r"^\$ (.*\n)((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            self.compare(wanted, self.shell(command).stdout)

    def try_like(self, words, text, block):
        done = self.shell(" ".join(words), "like")
        self.compare(block, done.stdout + done.stderr)

    def try_declarations(self, words, text, block):
        number = self.line
        self.write("page%d.h" % number, text.replace("@@\n", block) if text else block)
        self.write("page%d.py" % number, "")
        done = self.shell("coil-stubgen page%d.h --module page%d --init page%d.py -o ." % (number, number, number))
        if "error:" in done.stderr:
            self.fail(done.stderr)

    def try_statements(self, words, text, block):
        includes = "".join(re.findall(r"^#include.*\n", block, re.MULTILINE))
        block = re.sub(r"^#include.*\n", "", block, flags=re.MULTILINE)
        program = "%s#include <coil.h>\n#include <stdio.h>\n%s\nint main(void)\n{\n{\n%s}\n    return 0;\n}\n" % (includes, text, block)
        self.write("page%d.c" % self.line, program)
        libraries = " ".join(sorted(os.path.basename(name) for name in glob.glob(os.path.join(self.folder, "*.so"))))
        self.shell("cc -Wall -Werror page%d.c %s -Wl,-rpath,'$ORIGIN' $(pkg-config --cflags --libs coil) -o page\n./page" % (
            self.line, libraries))

    def try_ini(self, words, text, block):
        self.write("page.conf", block)
        os.chmod(os.path.join(self.folder, "page.conf"), 0o644)
        self.shell('coild --config "$PWD/page.conf" --check-config')

    def try_picture(self, words, text, block):
        pass

    def try_not(self, words, text, block):
        self.left_out.append("%s:%d: %s" % (self.name, self.line, " ".join(words)))

    # ---- all of it ----

    def run(self):
        pending = None
        for match in BLOCK.finditer(self.text):
            self.line = self.text.count("\n", 0, match.start()) + 1
            if match.group("what") == "do":
                self.shell(match.group("text"))
            elif match.group("what") == "try":
                first, _, text = match.group("text").partition("\n")
                pending = (first.split(), text.rstrip(" "))
            else:
                if pending is None:
                    self.fail("nothing says what this block is: write <!-- try: ... --> before it (tests/install/test_docs.py)")
                (kind, *words), text = pending
                pending = None
                function = getattr(self, "try_" + kind, None)
                if function is None:
                    self.fail("there is no kind %r" % kind)
                block = match.group("block")
                if kind != "not":
                    for word in [word for word in words if "=" in word]:
                        old, new = word.split("=", 1)
                        block = block.replace(old, new.replace("$PWD", self.folder).replace("$PREFIX", self.place.prefix))
                    words = [word for word in words if "=" not in word]
                self.tried += kind not in ("not", "picture")
                function(words, text, block)
        if pending is not None:
            self.fail("a comment says what a block is, and there is none")


def run(place):
    pages = [os.path.join(place.root, "README.md")] + sorted(glob.glob(os.path.join(place.root, "docs", "*.md")))
    tried, left_out, problems = 0, [], []
    for path in pages:
        page = Page(place, path)
        try:
            page.run()
        except support.Failure as failure:
            problems.append(str(failure))
        finally:
            if os.path.exists(place.socket):
                place.stop()
        tried += page.tried
        left_out += page.left_out
    shutil.rmtree(place.path("README"), ignore_errors=True)
    if problems:
        raise support.Failure("\n".join(problems))
    print("     %d blocks of %d pages were tried, %d were not:\n%s" % (
        tried, len(pages), len(left_out), "".join("       %s\n" % line for line in left_out)), end="")
