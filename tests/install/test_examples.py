"""The projects of examples/, copied to a folder far from coil's source, built with their own tools and run in both modes."""
import os
import re
import shutil

import case as support


def copied(place, name):
    shutil.copytree(os.path.join(place.root, "examples", name), place.path(name))
    return place.path(name)


def with_cmake(place):
    place.need("cmake", "cmake")
    folder = copied(place, "cmake")
    place.run("cmake", "-B", "build", "-DCMAKE_PREFIX_PATH=" + place.prefix, "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror", cwd=folder)
    place.run("cmake", "--build", "build", cwd=folder)
    place.in_both_modes("build/spread", stdout="median 3, deviation 2.915\n5 words\n", cwd=folder)
    # Only what has changed is made again.
    text = place.run("cmake", "--build", "build", cwd=folder).stdout
    place.expect("Making the stub library" not in text, "a second build makes the stub libraries again:\n" + text)
    os.utime(os.path.join(folder, "words.py"))
    text = place.run("cmake", "--build", "build", cwd=folder).stdout
    place.equal(re.findall(r"Making the stub library (\S+)", text), ["words.so"], "what an edited words.py makes again")

    # A version that is not this one; a file that is not there; a word that means nothing.
    for line, message in (("find_package(Coil 9.0 REQUIRED)", 'compatible with requested version "9.0"'),
                          ("find_package(Coil REQUIRED)\ncoil_add_stub(x none.py)", "there is no file"),
                          ("find_package(Coil REQUIRED)\ncoil_add_stub(x CMakeLists.txt FOO)", "does not know what to do with")):
        place.write("bad/CMakeLists.txt", "cmake_minimum_required(VERSION 3.18)\nproject(bad C)\n%s\n" % line)
        done = place.run("cmake", "-B", "build", "-DCMAKE_PREFIX_PATH=" + place.prefix, cwd=place.path("bad"), status=1)
        place.expect(message in re.sub(r"\s+", " ", done.stderr), "%s: no %r in\n%s" % (line, message, done.stderr))


def with_meson(place):
    place.need("meson", "meson")
    place.need("ninja", "ninja-build")
    folder = copied(place, "meson")
    place.run("meson", "setup", "build", "--werror", "-Dwarning_level=2", cwd=folder)
    place.run("meson", "compile", "-C", "build", cwd=folder)
    place.in_both_modes("build/filter", stdout="one fish\ntwo fishes\nblue whale\n", cwd=folder)


def with_make(place):
    folder = copied(place, "make")
    place.run("make", "CFLAGS=-Wall -Wextra -Werror", cwd=folder)
    output = ("the digits of 100! make 648\n"
              "-1: digits.digit_sum_of_factorial(): Python raised an exception; its traceback is on stderr\n")
    place.in_both_modes("./sum", stdout=output, stderr=None, cwd=folder)
    for name, output in (("embedding", r"Python adds 40 and 2\nadd\(40, 2\) = 42\n"), ("plugin", r"do_stuff\(\) made it \(4, 3\)\n")):
        folder = copied(place, name)
        place.run("make", "main", "CFLAGS=-Wall -Wextra -Werror", cwd=folder)
        for mode in ("daemon", "inprocess"):
            done = place.run("./main", cwd=folder, env={"COIL_MODE": mode})
            place.expect(re.search(output, done.stdout), "%s, %s mode:\n%s" % (name, mode, done.stdout))
        place.stop()


def run(place):
    skipped = []
    for part in (with_make, with_cmake, with_meson):
        try:
            part(place)
        except support.Skip as skip:
            skipped.append(str(skip))
    if skipped:
        raise support.Skip("the others passed; " + "; ".join(skipped))
