"""PREFIX, LIBDIR and DESTDIR; what uninstall leaves; a prefix that is moved; what libcoil exports."""
import os
import re
import shutil


def files_of(folder):
    return {os.path.relpath(os.path.join(base, name), folder) for base, _, names in os.walk(folder) for name in names}


def check_library(place):
    library = place.installed("lib", "libcoil.so")
    version = place.flags("--modversion", "coil")[0]
    place.equal(os.path.realpath(library), place.installed("lib", "libcoil.so." + version), "libcoil.so leads to")
    dynamic = place.run("readelf", "-d", library).stdout
    place.equal(re.findall(r"soname: \[(.*)\]", dynamic), ["libcoil.so.0"], "soname")
    place.expect(not re.search(r"RPATH|RUNPATH", dynamic), "libcoil.so has a search path:\n" + dynamic)
    exported = place.run("nm", "-D", "--defined-only", library).stdout.split("\n")
    symbols = {line.split()[2] for line in exported if line and line.split()[1] != "A"}
    with open(place.installed("include", "coil.h")) as coil, open(place.installed("include", "coil", "stub.h")) as stub:
        public = set(re.findall(r"\b(coil_\w+)\(", re.sub(r"/\*.*?\*/", "", coil.read() + stub.read(), flags=re.DOTALL)))
    place.expect(all("@@COIL_" in symbol for symbol in symbols), "not all have a version: " + " ".join(sorted(symbols)))
    place.equal({symbol.split("@")[0] for symbol in symbols}, public, "what libcoil.so exports, and what its headers have")


def run(place):
    check_library(place)

    stage = place.path("stage")
    place.make("install", "DESTDIR=" + stage, "PREFIX=/opt/coil")
    files = files_of(stage)
    place.expect(all(name.startswith("opt/coil/") for name in files), "DESTDIR does not hold everything")
    place.equal({name[len("opt/coil/"):] for name in files}, files_of(place.prefix), "files with and without DESTDIR")
    for name in sorted(files):
        path = os.path.join(stage, name)
        if not os.path.islink(path) and not re.search(r"/(bin|libexec|lib/coil)/|\.so", "/" + name):
            with open(path, encoding="utf-8") as file:
                place.expect(stage not in file.read(), name + " names DESTDIR")
    others = os.path.join(stage, "opt/coil/lib/pkgconfig/other.pc")
    with open(others, "w"):
        pass
    place.make("uninstall", "DESTDIR=" + stage, "PREFIX=/opt/coil")
    place.equal(files_of(stage), {"opt/coil/lib/pkgconfig/other.pc"}, "what uninstall leaves")

    # The system's own folders need no search path in programs.
    place.make("install", "DESTDIR=" + stage, "PREFIX=/usr")
    with open(os.path.join(stage, "usr/lib/pkgconfig/coil.pc")) as file:
        place.expect("rpath" not in file.read(), "coil.pc of /usr has an rpath")

    # What runs finds the rest beside itself.
    shutil.copytree(place.prefix, place.path("moved"), symlinks=True)
    place.write("plugin.h", "extern int twice(int x);\n")
    place.write("init.py", "from plugin import ffi\n\n@ffi.def_extern()\ndef twice(x):\n    return 2 * x\n")
    place.write("main.c", "#include <stdio.h>\n#include \"plugin.h\"\n"
                          "int main(void)\n{\n    return printf(\"%d\\n\", twice(21)) < 0;\n}\n")
    place.run(place.path("moved", "bin", "coil-stubgen"), "plugin.h", "--module", "plugin", "--init", "init.py")
    place.run("cc", "main.c", "plugin.so", "-Wl,-rpath,$ORIGIN", "-o", "main")
    needed = place.run("ldd", "./main").stdout
    place.expect(place.path("moved", "lib", "libcoil.so.0") in needed, "not the moved libcoil:\n" + needed)
    place.in_both_modes("./main", stdout="42\n")
