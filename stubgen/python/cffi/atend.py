"""The complaint about a build script that generated nothing.

A script that only fills an FFI object, as setuptools wants it, would otherwise
end well without a trace of a library.
"""
import atexit
import os
import sys

# The process of the script itself; programs that the script starts inherit the name and are not watched.
WATCHED = "COIL_STUBGEN_SCRIPT"

ffis = []  # every FFI object of the script
attempts = []  # the name of the module, for each compile() or emit_c_code()


def watch():
    if os.environ.get("COIL_STUBGEN") and WATCHED not in os.environ:
        os.environ[WATCHED] = str(os.getpid())
        atexit.register(complain)


def complain():
    # last_type: the script ended with an exception, whose traceback has been printed.
    if attempts or hasattr(sys, "last_type") or os.environ.get(WATCHED) != str(os.getpid()):
        return
    names = [ffi.module_name for ffi in ffis if ffi.module_name]
    if names:
        text = ("generated nothing: it never calls compile() or emit_c_code() for module '%s'; end it with\n"
                "    if __name__ == \"__main__\":\n        ffibuilder.compile(verbose=True)" % names[0])
    elif ffis:
        text = "generated nothing: it never calls set_source(\"NAME\", ...), and then compile()"
    else:
        text = "generated nothing: it never makes an FFI() object"
    sys.stdout.flush()
    print("coil-stubgen: %s %s" % (sys.argv[0] or "the build script", text), file=sys.stderr)
    sys.stderr.flush()
    # An exception could not change the exit status any more.
    os._exit(1)
