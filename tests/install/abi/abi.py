#!/usr/bin/python3
"""What programs and stub libraries that are built now will rely on: libcoil.so's binary interface, recorded in this folder.

    tests/install/abi/abi.py --build DIR      records it anew

interface.txt has the exported symbols with their versions, the size of each public structure, and the value of
each public constant; libcoil.abi is what abidw of abigail-tools makes of the library with its debugging information.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
HEADERS = ["coil.h", "coil/stub.h", "coil/descriptor.h"]
ABIDW = ["abidw", "--no-comp-dir-path", "--no-corpus-path", "--no-show-locs", "--type-id-style", "hash",
         "--exported-interfaces-only", "--drop-private-types", "--headers-dir"]


def output(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError("%s\n%s%s" % (" ".join(command), done.stdout, done.stderr))
    return done.stdout


def interface(library, include):
    """Lines of text: they need nothing but a compiler."""
    symbols = [line.split()[2] for line in output(["nm", "-D", "--defined-only", library]).splitlines()
               if line.split()[1] != "A"]
    text = ""
    for name in HEADERS:
        with open(os.path.join(include, name), encoding="utf-8") as file:
            text += re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
    structures = re.findall(r"^struct (\w+) \{", text, flags=re.MULTILINE)
    constants = [name for body in re.findall(r"^enum \w* ?\{(.*?)\}", text, flags=re.DOTALL | re.MULTILINE)
                 for name in re.findall(r"^\s*(COIL_\w+)", body, flags=re.MULTILINE)]
    with tempfile.TemporaryDirectory(prefix="coil-abi-") as folder:
        source, program = os.path.join(folder, "sizes.c"), os.path.join(folder, "sizes")
        with open(source, "w", encoding="utf-8") as file:
            file.write("#include <stdio.h>\n" + "".join("#include <%s>\n" % name for name in HEADERS) + "int main(void)\n{\n")
            for name in structures:
                file.write('    printf("struct %s: %%zu bytes\\n", sizeof(struct %s));\n' % (name, name))
            for name in constants:
                file.write('    printf("%s = %%ld\\n", (long)%s);\n' % (name, name))
            file.write("    return 0;\n}\n")
        output(["cc", "-I" + include, source, "-o", program])
        return "".join(symbol + "\n" for symbol in sorted(symbols)) + output([program])


def difference(library, include):
    """(what is broken, what is new), as text: "" if nothing.  New symbols and constants break nothing."""
    with open(os.path.join(HERE, "interface.txt"), encoding="utf-8") as file:
        recorded, found = file.read().splitlines(), interface(library, include).splitlines()
    broken = "".join("- %s\n" % line for line in recorded if line not in found)
    new = "".join("+ %s\n" % line for line in found if line not in recorded)
    if shutil.which("abidiff"):
        done = subprocess.run(["abidiff", "--no-show-locs", "--no-added-syms", "--drop-private-types", "--headers-dir2", include,
                               os.path.join(HERE, "libcoil.abi"), library],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        broken += done.stdout if done.returncode != 0 else ""
    return broken, new


def main():
    parser = argparse.ArgumentParser(description="records libcoil.so's binary interface")
    parser.add_argument("--build", default="build")
    options = parser.parse_args()
    library, include = os.path.join(options.build, "lib", "libcoil.so"), os.path.join(options.build, "include")
    with open(os.path.join(HERE, "interface.txt"), "w", encoding="utf-8") as file:
        file.write(interface(library, include))
    if not shutil.which("abidw"):
        sys.exit("there is no abidw (Debian: abigail-tools): only interface.txt is recorded")
    with open(os.path.join(HERE, "libcoil.abi"), "w", encoding="utf-8") as file:
        file.write(output(ABIDW + [include, library]))


if __name__ == "__main__":
    main()
