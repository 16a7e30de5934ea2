"""set_source()'s compiler keywords, as options of coil-stubgen's core.

They are those of a distutils Extension, which is what CFFI passes them to.
"""
import os
import warnings

# Keyword -> the option that precedes each of its texts.
LISTS = {
    "include_dirs": "-I",
    "library_dirs": "-L",
    "libraries": "-l",
    "extra_compile_args": "--cflag",
    "extra_link_args": "--ldflag",
    "extra_objects": "--extra-object",
    "sources": "--extra-source",
}

# They have no meaning for a stub library on Linux, or only save rebuilding, which is done by content here.
IGNORED = ("depends", "export_symbols", "swig_opts", "language", "optional", "py_limited_api")

COMPILING = ("include_dirs", "define_macros", "undef_macros", "extra_compile_args")

CXX = (".cc", ".cpp", ".cxx", ".c++", ".C")


def options(keywords, source_extension=".c"):
    """The options for these keywords, in the keywords' fixed order."""
    result = []
    for name, value in keywords.items():
        if name not in LISTS and name not in IGNORED and name not in (
                "define_macros", "undef_macros", "runtime_library_dirs"):
            warnings.warn("set_source(): unknown compiler keyword '%s' is ignored" % name, stacklevel=3)
    for name, value in macros(keywords.get("define_macros") or []):
        result += ["-D", name if value is None else "%s=%s" % (name, value)]
    for name in texts(keywords, "undef_macros"):
        result += ["--cflag", "-U" + name]
    for name, option in LISTS.items():
        for text in texts(keywords, name):
            result += [option, os.path.normpath(text) if name == "sources" else text]
    for directory in texts(keywords, "runtime_library_dirs"):
        result += ["--ldflag", "-Wl,-rpath," + directory]
    # The C++ library is needed as soon as anything was compiled as C++; the driver that links may be C's.
    sources = [source_extension] + texts(keywords, "sources")
    if any(name.endswith(CXX) for name in sources):
        result += ["-l", "stdc++"]
    return result


def compiling(keywords):
    """Those of the options that matter for compiling the C source, and not for linking it."""
    return options({name: keywords[name] for name in COMPILING if name in keywords})


def texts(keywords, name):
    """The keyword's value as a list of str.  A bare string, to be taken letter by letter, is refused."""
    value = keywords.get(name)
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        raise TypeError("set_source(): '%s' must be a list of strings, not %r" % (name, value))
    result = []
    for text in value:
        if isinstance(text, os.PathLike):
            text = os.fspath(text)
        if not isinstance(text, str):
            raise TypeError("set_source(): '%s' must be a list of strings; %r is not a string" % (name, text))
        result.append(text)
    return result


def macros(value):
    """The pairs of define_macros: (name, value), or (name, None) for a macro without a value."""
    if not isinstance(value, (list, tuple)):
        raise TypeError("set_source(): 'define_macros' must be a list of (name, value) pairs, not %r"
                        % (value,))
    result = []
    for macro in value:
        if isinstance(macro, tuple) and len(macro) == 1:
            macro = (macro[0], None)
        if not (isinstance(macro, tuple) and len(macro) == 2 and isinstance(macro[0], str)
                and (macro[1] is None or isinstance(macro[1], str))):
            raise TypeError("set_source(): each of 'define_macros' must be a pair (name, value) of strings, "
                            "or (name, None); not %r" % (macro,))
        result.append(macro)
    return result
