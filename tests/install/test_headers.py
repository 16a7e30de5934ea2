"""Old C and C++ include what is installed and what is generated; code of another coil-stubgen does not compile."""
import re

API = '''
import cffi

ffi = cffi.FFI()
ffi.embedding_api("""
    enum colour { RED, GREEN = 7 };
    typedef struct { int x; double y[3]; enum colour colour; } point_t;
    typedef int (*visit_t)(const point_t *point, void *context /* [opaque] */);
    int walk(const point_t *points /* [counted_by(n)] */, size_t n, visit_t visit, void *context /* [opaque] */);
    void scale(point_t *point, double factor);
    #define LIMIT 42
""")
ffi.set_source("shapes", """
    enum colour { RED, GREEN = 7 };
    typedef struct { int x; double y[3]; enum colour colour; } point_t;
    typedef int (*visit_t)(const point_t *point, void *context);
    #define LIMIT 42
""")
ffi.embedding_init_code("""
    from shapes import ffi

    @ffi.def_extern()
    def walk(points, n, visit, context):
        return sum(visit(points + i, context) for i in range(n))

    @ffi.def_extern()
    def scale(point, factor):
        point.y[1] *= factor
""")
ffi.compile()
'''
PROGRAM = '''
#include <coil.h>
#include <stdio.h>

#include "shapes.h"

static int visit(const point_t *point, void *context)
{
    (void)context;
    return point->x + (point->colour == GREEN ? LIMIT : 0);
}

int main(void)
{
    point_t *points = (point_t *)coil_alloc(2 * sizeof *points);
    const char *why;

    if (!points)
        return 1;
    points[0].x = 1;
    points[1].x = 2;
    points[1].colour = GREEN;
    points[0].y[1] = 2.5;
    scale(points, 2.0);
    printf("%d %g\\n", walk(points, 2, visit, NULL), points[0].y[1]);
    printf("%d %d %d\\n", coil_last_error(&why), coil_flush(), COIL_VERSION_MAJOR);
    coil_free(points);
    return 0;
}
'''
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror"]
CALLERS = [("cc", "c", "c89"), ("cc", "c", "c99"), ("cc", "c", "c11"), ("c++", "c++", "c++98"), ("c++", "c++", "c++17")]


def check_guards(place, coil):
    """Generated C with the header of another version, older and newer."""
    with open(place.installed("include", "coil", "stub.h")) as file:
        text = file.read()
    version = int(re.search(r"#define COIL_STUB_VERSION (\d+)", text).group(1))
    for other, word in ((version - 1, "is older than"), (version + 1, "is newer than")):
        place.write("other/coil/stub.h", text.replace("COIL_STUB_VERSION %d" % version, "COIL_STUB_VERSION %d" % other))
        done = place.run("cc", "-c", "-fPIC", "shapes.c", "-Iother", *coil, "-o", "other.o", status=1)
        errors = re.findall(r"error: #error \"?(.*)", done.stderr)
        place.expect(len(errors) == 1 and word in errors[0] and "shapes: <coil/stub.h>" in errors[0],
                     "version %d of stub.h:\n%s" % (other, done.stderr))


def run(place):
    coil = place.flags("--cflags", "--libs", "coil")
    place.write("build.py", API)
    place.write("main.c", PROGRAM)
    place.run(place.installed("bin", "coil-stubgen"), "build.py")
    for compiler, language, standard in CALLERS:
        place.need(compiler, "g++" if language == "c++" else "gcc")
        place.run(compiler, "-x", language, "-std=" + standard, *WARNINGS, "main.c", "-x", "none", "shapes.so",
                  "-Wl,-rpath,$ORIGIN", "-o", "main-" + standard, *coil)
    for standard in ("c89", "c++98"):
        place.in_both_modes("./main-" + standard, stdout="45 5\n0 0 0\n")
    check_guards(place, coil)
