"""Seeds that need not be kept: they are made of what the other tests keep.

make(target, stubgen, folder) fills `folder`; targets without a function here have only what their corpus keeps.
"""
import glob
import os
import struct
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
IMAGES_FROM = ["annotations", "everything", "forms", "layouts", "lib", "complex"]  # of tests/golden
IMAGE_SIZE_MAX = 20480


def write(folder, name, data):
    path = os.path.join(folder, name)
    with open(path + ".new", "wb") as file:
        file.write(data)
    os.replace(path + ".new", path)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def golden_sections(case):
    """[(kind, text)] of a golden case, as stubgen_parse has them."""
    folder = os.path.join(TESTS, "golden", case)
    sections = []
    for path in sorted(glob.glob(os.path.join(folder, "cdef*.h"))):
        packed = os.path.basename(path)[len("cdef"):-len(".h")].replace(".packed", "1").replace(".pack", "")
        sections.append((b"c" + packed.encode(), read(path)))
    for name, kind in (("api.h", b"e"), ("plugin.h", b"h")):
        if os.path.exists(os.path.join(folder, name)):
            sections.append((kind, read(os.path.join(folder, name))))
    return sections


def stubgen_parse(stubgen, folder):
    for case in sorted(os.listdir(os.path.join(TESTS, "golden"))):
        sections = golden_sections(case)
        if sections:
            write(folder, "golden-" + case, b"\x1e".join(kind + text for kind, text in sections))
    for path in glob.glob(os.path.join(TESTS, "reject", "*.h")):
        name = os.path.basename(path)[:-len(".h")]
        kind = b"c" if name.startswith("cdef_") else b"h" if name.startswith("header_") else b"e"
        if os.path.getsize(path) < 4096:
            write(folder, "reject-" + name, kind + read(path))


def images(stubgen):
    """(case, image) of golden cases that can be compiled by themselves."""
    for case in IMAGES_FROM:
        source = os.path.join(TESTS, "golden", case)
        command = [stubgen, "--core", "--module", case]
        for entry in sorted(os.listdir(source)):
            if entry == "cdef.h":
                command += ["--cdef", entry]
        for option, entry in (("--api", "api.h"), ("--c-source", "source.c"), ("--init", "init.py")):
            if os.path.exists(os.path.join(source, entry)):
                command += [option, entry]
        with tempfile.TemporaryDirectory(prefix="coil-fuzz-") as out:
            image = os.path.join(out, "image")
            done = subprocess.run(command + ["--output-descriptor", image], cwd=source, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode == 0 and os.path.getsize(image) <= IMAGE_SIZE_MAX:
                yield case, read(image)


def image(stubgen, folder):
    for case, data in images(stubgen):
        write(folder, "golden-" + case, data)


def stubgen_included(stubgen, folder):
    for case, data in images(stubgen):
        # What is taken from another module: declarations without functions that Python implements.
        text = b"\n".join(text for kind, text in golden_sections(case) if kind == b"c")
        if len(text) < 4096:
            write(folder, "golden-" + case, struct.pack("<H", len(text)) + text + data)


def make(target, stubgen, folder):
    maker = {"stubgen_parse": stubgen_parse, "image": image, "stubgen_included": stubgen_included}.get(target)
    made = [os.path.getmtime(entry.path) for entry in os.scandir(folder)]
    if maker and (not made or min(made) < os.path.getmtime(stubgen)):
        for entry in os.scandir(folder):
            os.remove(entry.path)
        maker(stubgen, folder)
