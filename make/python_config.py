"""Prints what building against a CPython needs: --cflags, --library (the shared library's name), --version."""
import sys
import sysconfig

answers = {
    "--cflags": lambda: "-I" + sysconfig.get_path("include") + " -I" + sysconfig.get_path("platinclude"),
    "--library": lambda: sysconfig.get_config_var("INSTSONAME"),
    "--version": lambda: "%d.%d" % sys.version_info[:2],
}
print(answers[sys.argv[1]]())
