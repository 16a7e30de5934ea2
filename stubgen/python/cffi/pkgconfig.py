"""set_source()'s compiler keywords, as pkg-config knows them for a package."""
import os
import shlex
import subprocess

from .error import PkgConfigError


def merged(keywords, packages):
    """`keywords` with what pkg-config says about each of `packages` added behind the user's own."""
    result = dict(keywords)
    for package in packages:
        for name, values in keywords_of(package).items():
            own = result.get(name) or []
            if not isinstance(own, (list, tuple)):
                raise TypeError("set_source_pkgconfig(): '%s' must be a list, not %r" % (name, own))
            # A new list: the caller's own stays as it is.
            result[name] = list(own) + values
    return result


def keywords_of(package):
    cflags = ask(package, "--cflags")
    libs = ask(package, "--libs")
    return {
        "include_dirs": [flag[2:] for flag in cflags if flag.startswith("-I")],
        "define_macros": [macro(flag[2:]) for flag in cflags if flag.startswith("-D")],
        "extra_compile_args": [flag for flag in cflags if not flag.startswith(("-I", "-D"))],
        "library_dirs": [flag[2:] for flag in libs if flag.startswith("-L")],
        "libraries": [flag[2:] for flag in libs if flag.startswith("-l")],
        "extra_link_args": [flag for flag in libs if not flag.startswith(("-L", "-l"))],
    }


def macro(text):
    name, equals, value = text.partition("=")
    return (name, value if equals else None)


def ask(package, question):
    """pkg-config's answer, as a list of flags."""
    program = os.environ.get("PKG_CONFIG") or "pkg-config"
    try:
        done = subprocess.run([program, "--print-errors", question, package], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise PkgConfigError("cannot run %s: %s: install pkg-config, or set PKG_CONFIG to its path"
                             % (program, error.strerror)) from None
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip()
        raise PkgConfigError(words or "%s %s '%s' failed with status %d"
                             % (program, question, package, done.returncode))
    return shlex.split(os.fsdecode(done.stdout))
