"""An empty folder, a build script and a program: with coil-stubgen alone, and by hand through pkg-config."""

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
%s
'''
PLAIN = '''
#include <stdio.h>
#include "plugin.h"

int main(void)
{
    printf("%d\\n", add(40, 2));
    return 0;
}
'''
ASKING = '''
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


def run(place):
    stubgen = place.installed("bin", "coil-stubgen")

    place.write("script/build.py", BUILD_SCRIPT % "ffi.compile()")
    place.write("script/main.c", PLAIN)
    folder = place.path("script")
    place.run(stubgen, "build.py", cwd=folder)
    # Neither the program's compiler nor the program is told where coil is.
    place.run("cc", "-Wall", "-Wextra", "-Werror", "main.c", "plugin.so", "-Wl,-rpath,$ORIGIN", "-o", "main", cwd=folder)
    place.in_both_modes("./main", stdout="adding 40 2\n42\n", cwd=folder)

    place.write("hand/build.py", BUILD_SCRIPT % 'ffi.emit_c_code("plugin.c")')
    place.write("hand/main.c", ASKING)
    folder = place.path("hand")
    place.equal(place.flags("--variable=coil_stubgen", "coil-stubgen"), [stubgen], "coil-stubgen as pkg-config names it")
    place.equal(place.flags("--modversion", "coil"), place.flags("--modversion", "coil-stubgen"), "versions")
    coil = place.flags("--cflags", "--libs", "coil")
    place.run(stubgen, "build.py", cwd=folder)
    place.run("cc", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "plugin.c", "-o", "libplugin.so", *coil, cwd=folder)
    place.run("cc", "main.c", "-o", "linked", "-L.", "-lplugin", "-Wl,-rpath,$ORIGIN", *coil, cwd=folder)
    place.run("cc", "main.c", "plugin.c", "-o", "static", *coil, cwd=folder)
    for program in ("./linked", "./static"):
        place.in_both_modes(program, stdout="adding 40 2\n42\n0\n", cwd=folder)
