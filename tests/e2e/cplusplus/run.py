"""The emitted C is C11 and C++11 without a warning, with warnings on."""
import os


def run(case):
    include, library = case.build + "/include", case.build + "/lib"
    strict = ["-Wall", "-Wextra", "-Wconversion", "-Werror", "-fPIC", "-I" + include, "-c"]
    case.tool(["cc", "-std=c11", "-pedantic"] + strict + ["plugin.c", "-o", "plugin-c.o"])
    case.tool(["g++", "-std=c++11", "-x", "c++"] + strict + ["plugin.c", "-o", "plugin-cxx.o"])
    for kind, compiler in (("c", "cc"), ("cxx", "g++")):
        case.tool([compiler, "-shared", "plugin-%s.o" % kind, "-o", "libplugin-%s.so" % kind, "-L" + library, "-lcoil",
                   "-Wl,-rpath," + library])
        program = case.path("program-" + kind)
        if os.path.exists(program):
            os.unlink(program)
        case.compile("program.c", program, "-L.", "-lplugin-" + kind, "-Wl,-rpath,$ORIGIN", "-Wl,--allow-shlib-undefined",
                     link=False)
        case.check(case.run(program=program), "6 2.5 3\n14 3\n")
