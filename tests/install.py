#!/usr/bin/python3
"""`make install` into a scratch prefix, and what a user does with it: pkg-config, a build by hand, uninstall.

    tests/install.py --build DIR [--make MAKE]
"""
import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import case as support

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

BUILD_SCRIPT = '''
import cffi

ffi = cffi.FFI()
ffi.embedding_api("int add(int x, int y);")
ffi.set_source("plugin", "")
ffi.embedding_init_code("""
    import sys
    from plugin import ffi

    @ffi.def_extern()
    def add(x, y):
        print("adding", x, y)
        return x + y
""")
ffi.emit_c_code("plugin.c")
'''
PROGRAM = '''
#include <coil.h>
#include <stdio.h>

extern int add(int x, int y);

int main(void)
{
    printf("%d\\n", add(40, 2));
    printf("%d\\n", coil_last_error(NULL));
    return 0;
}
'''
OUTPUT = "adding 40 2\n42\n0\n"

failures = []


def expect(condition, text):
    print("%s %s" % ("ok  " if condition else "FAIL", text))
    if not condition:
        failures.append(text)
    return condition


def run(command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=300, **options)
    return done


def built(what, command, **options):
    done = run(command, **options)
    return expect(done.returncode == 0, what + ("" if done.returncode == 0 else "\n" + done.stdout + done.stderr))


def files_of(folder):
    return {os.path.relpath(os.path.join(base, name), folder) for base, _, names in os.walk(folder) for name in names}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--make", default="make")
    options = parser.parse_args()
    support.become_subreaper()
    base = tempfile.mkdtemp(prefix="coil-install-")
    prefix, work = os.path.join(base, "prefix"), os.path.join(base, "work")
    os.makedirs(work)
    make = options.make.split() + ["--no-print-directory", "-C", ROOT, "BUILD=" + options.build]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": work, "LANG": "C.UTF-8",
                   "COIL_SOCKET": os.path.join(work, "run", "coild.sock"),
                   "PKG_CONFIG_PATH": os.path.join(prefix, "lib", "pkgconfig")}
    os.mkdir(os.path.join(work, "run"), 0o700)
    try:
        if built("make install PREFIX=...", make + ["install", "PREFIX=" + prefix]):
            use(prefix, work, environment)
        built("make uninstall", make + ["uninstall", "PREFIX=" + prefix])
        expect(files_of(prefix) == set(), "nothing is left after make uninstall: " + " ".join(sorted(files_of(prefix))))

        stage = os.path.join(base, "stage")
        built("make install DESTDIR=... PREFIX=/opt/coil", make + ["install", "DESTDIR=" + stage, "PREFIX=/opt/coil"])
        expect(all(name.startswith("opt/coil/") for name in files_of(stage)), "DESTDIR holds everything")
        pc = os.path.join(stage, "opt/coil/lib/pkgconfig/coil.pc")
        expect(os.path.exists(pc) and stage not in open(pc).read(), "coil.pc names PREFIX, not DESTDIR")
    finally:
        support.Case(work, work, options.build).reap(2)
        shutil.rmtree(base, ignore_errors=True)
    print("install: %d failed" % len(failures))
    return 1 if failures else 0


def use(prefix, work, environment):
    def flags(*arguments):
        done = run(["pkg-config"] + list(arguments), env=environment)
        expect(done.returncode == 0, "pkg-config %s: %s" % (" ".join(arguments), (done.stdout + done.stderr).strip()))
        return shlex.split(done.stdout)

    with open(os.path.join(work, "build.py"), "w") as file:
        file.write(BUILD_SCRIPT)
    with open(os.path.join(work, "main.c"), "w") as file:
        file.write(PROGRAM)
    stubgen = flags("--variable=coil_stubgen", "coil-stubgen")[0]
    version = flags("--modversion", "coil")[0]
    expect(re.fullmatch(r"\d+\.\d+\.\d+", version) is not None, "version " + version)
    options = {"cwd": work, "env": environment}
    built("coil-stubgen build.py (emit_c_code)", [stubgen, "build.py"], **options)
    coil = flags("--cflags", "--libs", "coil")
    built("gcc -shared -fPIC plugin.c $(pkg-config --cflags --libs coil)",
          ["gcc", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "plugin.c", "-o", "libplugin.so"] + coil, **options)
    built("gcc main.c -lplugin", ["gcc", "main.c", "-o", "linked", "-L.", "-lplugin", "-Wl,-rpath,$ORIGIN"] + coil, **options)
    built("the emitted C linked into the program itself", ["gcc", "main.c", "plugin.c", "-o", "static"] + coil, **options)
    for program in ("linked", "static"):
        for mode in ("daemon", "inprocess"):
            done = run([os.path.join(work, program)], cwd=work, env=dict(environment, COIL_MODE=mode))
            expect(done.returncode == 0 and done.stdout == OUTPUT and done.stderr == "",
                   "%s, %s mode%s" % (program, mode, "" if done.stdout == OUTPUT else ":\n" + done.stdout + done.stderr))
    done = run([os.path.join(prefix, "bin", "coilctl"), "stop"], cwd=work, env=environment)
    expect(done.returncode == 0, "coilctl stop " + (done.stdout + done.stderr).strip())
    mapped = run(["readelf", "-d", os.path.join(prefix, "lib", "libcoil.so")])
    expect("libcoil.so.0" in mapped.stdout, "libcoil.so has the soname libcoil.so.0")


if __name__ == "__main__":
    sys.exit(main())
