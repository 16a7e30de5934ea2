"""Prints what building against a CPython needs: --cflags, --library (the shared library's name), --version."""
import os
import sys
import sysconfig


def library():
    """The distribution's is found by its name; another Python's lies where only that Python looks."""
    name = sysconfig.get_config_var("INSTSONAME")
    path = os.path.join(sysconfig.get_config_var("LIBDIR") or "", name)
    return path if sys.base_prefix != "/usr" and os.path.exists(path) else name


answers = {
    "--cflags": lambda: "-I" + sysconfig.get_path("include") + " -I" + sysconfig.get_path("platinclude"),
    "--library": library,
    "--version": lambda: "%d.%d" % sys.version_info[:2],
}
print(answers[sys.argv[1]]())
