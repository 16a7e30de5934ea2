"""libcoil.so's binary interface is the recorded one (abi/); and changes to it that are planted here are seen."""
import glob
import os
import re
import shutil
import sys

import case as support

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "abi"))

from abi import difference  # noqa: E402

RECORD = "if that is meant: tests/install/abi/abi.py records it anew; what breaks programs needs another SOVERSION, too"


def link(place, name, objects, version_script):
    """libcoil.so once more, of these objects."""
    library = place.path(name + ".so")
    flags = place.run("pkg-config", "--libs", "libffi").stdout.split()
    place.run("cc", "-shared", "-pthread", "-Wl,-soname,libcoil.so.0", "-Wl,--version-script=" + version_script, "-o", library,
              *objects, os.path.join(place.build, "obj", "libproto.a"), "-lmsgpackc", *flags)
    return library


def changed_headers(place, name, header, old, new):
    """The public headers with one change."""
    include = place.path(name)
    shutil.copytree(os.path.join(place.build, "include"), include)
    path = os.path.join(include, header)
    with open(path) as file:
        text = file.read()
    place.expect(re.search(old, text), "%s has no %r" % (header, old))
    with open(path, "w") as file:
        file.write(re.sub(old, new, text))
    return include


def run(place):
    library, include = place.installed("lib", "libcoil.so"), place.installed("include")
    broken, new = difference(library, include)
    place.expect(not broken, "the binary interface is not the recorded one:\n%s%s\n%s" % (broken, new, RECORD))

    room = os.path.join(place.build, "obj", "client")
    objects = glob.glob(room + "/**/*.o", recursive=True) + [os.path.join(place.build, "obj/daemon/host/load.o")]
    script = os.path.join(place.root, "client", "libcoil.map")
    with open(script) as file:
        versions = file.read()

    # A function that is gone, one of another version, a new one.
    for name, old, text, seen in (("gone", "        coil_flush;\n", "", "- coil_flush@@COIL_0.1"),
                                  ("renamed", "COIL_0.1 {", "COIL_0.2 {", "- coil_call@@COIL_0.1")):
        place.expect(old in versions, "libcoil.map has no %r" % old)
        place.write(name + ".map", versions.replace(old, text))
        broken, new = difference(link(place, name, objects, place.path(name + ".map")), include)
        place.expect(seen in broken, "%s: %r is not in\n%s" % (name, seen, broken))
    place.write("new.map", versions.replace("local:", "    coil_alloc_more;\n    local:"))
    place.write("new.c", "int coil_alloc_more(void);\nint coil_alloc_more(void)\n{\n    return 0;\n}\n")
    place.run("cc", "-g", "-c", "-fPIC", "new.c", "-o", "new.o")
    broken, new = difference(link(place, "new", objects + [place.path("new.o")], place.path("new.map")), include)
    place.expect(not broken and "+ coil_alloc_more@@COIL_0.1" in new, "a new function: %s%s" % (broken, new))

    # A structure that grows, a constant of another value: seen without any tool.
    larger = changed_headers(place, "larger", "coil/stub.h", r"(    void \*runtime;)", r"\1\n    long more;")
    broken, _ = difference(library, larger)
    place.expect("- struct coil_module: 24 bytes" in broken, "a larger structure: " + broken)
    other = changed_headers(place, "other", "coil.h", r"COIL_E_DIED = \d+", "COIL_E_DIED = 99")
    broken, _ = difference(library, other)
    place.expect(broken.startswith("- COIL_E_DIED = 4\n"), "another value: " + broken)

    # A function of other parameters, with structures as they were: seen by abigail-tools.
    if not shutil.which("abidiff"):
        raise support.Skip("parameters were not compared: there is no abidiff here (Debian: abigail-tools)")
    parameters = changed_headers(place, "parameters", "coil.h", r"coil_alloc\(size_t size\)", "coil_alloc(long *size)")
    place.write("alloc.c", "#include <coil.h>\nvoid *coil_alloc(long *size)\n{\n    return size;\n}\n")
    place.run("cc", "-g", "-c", "-fPIC", "-I" + parameters, "alloc.c", "-o", "alloc.o")
    place.write("alloc.map", "COIL_0.1 {\n    global: coil_alloc;\n    local: *;\n};\n")
    # Nothing but this function, so that the difference is about it and about those that are not there.
    alone = place.path("alone.so")
    place.run("cc", "-shared", "-Wl,-soname,libcoil.so.0", "-Wl,--version-script=alloc.map", "-o", alone, "alloc.o")
    broken, _ = difference(alone, parameters)
    place.expect("parameter 1 of type" in broken, "other parameters are not seen:\n" + broken)
