"""Runs coil-stubgen's C core on one module.

Every text goes through a file in a temporary folder of this process, which is
gone when the core has returned.  The core writes its own messages to stderr.
"""
import os
import subprocess
import sys
import tempfile

from .error import FFIError, GenerationFailed


class Section:
    """One cdef() or embedding_api() text."""

    def __init__(self, owner, kind, label, text, pack):
        self.owner = owner  # the FFI object that it was given to
        self.kind = kind    # "cdef" or "api"
        self.label = label  # the file that messages name
        self.text = text
        self.pack = pack    # greatest alignment, a power of two; 0: the platform's
        self.original = self  # the section of another FFI that this one was taken from

    def included(self, text):
        """The section as another module takes it over: its functions are plain C functions there."""
        section = Section(self.owner, "cdef", self.label, text, self.pack)
        section.original = self.original
        return section


def generate(name, sections, init_code, c_source, options, directory, descriptors):
    """Runs the core in `directory`; `options` are its further options, outputs included.

    `descriptors` has the path of the descriptor of each included module that has one, by its FFI object.
    """
    program = os.environ.get("COIL_STUBGEN")
    if not program:
        raise FFIError("this `cffi` is coil's and works only in a build script that coil-stubgen runs: "
                       "run `coil-stubgen %s`" % (sys.argv[0] or "build.py"))
    with tempfile.TemporaryDirectory(prefix="coil-stubgen-") as folder:
        command = [program, "--core", "--module", name] + requested(options)
        for number, section in enumerate(sections):
            path = stored(folder, "%s%d.h" % (section.kind, number), section.text)
            command += ["--" + section.kind, path, "--%s-label" % section.kind, section.label]
            if section.pack == 1:
                command += ["--packed"]
            elif section.pack:
                command += ["--pack", str(section.pack)]
            if descriptors.get(section.owner):
                command += ["--included", descriptors[section.owner]]
        if init_code is not None:
            command += ["--init", stored(folder, "init.py", init_code)]
        command += ["--c-source", stored(folder, "source.c", c_source)]
        run(name, command + options, directory)


def requested(options):
    """What stood in front of the script's name on the command line."""
    words = [word for word in os.environ.get("COIL_STUBGEN_OPTIONS", "").split("\n") if word]
    # The descriptor of an included module is needed even where nothing is to be made.
    if "--output-descriptor" in options and "--output-library" not in options:
        return [word for word in words if word not in ("--explain", "--register") and not word.startswith("--into=")]
    return words


def stored(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    return path


def run(name, command, directory):
    # What the script has printed comes before what the core prints.
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        status = subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL).returncode
    except OSError as error:
        raise FFIError("cannot run %s: %s: it is named by COIL_STUBGEN, which `coil-stubgen` sets itself"
                       % (command[0], error.strerror)) from None
    if status < 0:
        print("coil-stubgen: generating '%s' was ended by signal %d" % (name, -status), file=sys.stderr)
        status = 128 - status
    if status != 0:
        raise GenerationFailed("coil-stubgen could not generate '%s'; its messages are on stderr" % name,
                               status)
