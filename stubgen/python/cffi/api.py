"""FFI, as a build script sees it: it records what the script says, and generates.

Signatures, defaults, and which misuse raises what are those of CFFI 1.15.
Declarations are read by the core when the module is generated, so an error in
one is reported by compile() or emit_c_code(), not by cdef().
"""
import os
import re
import sys
import tempfile

from . import atend, keywords, origin, outputs, pkgconfig
from .core import Section, generate
from .error import BuildTimeError, FFIError
from .included import without_python_functions


class FFI:
    """One module: declarations, init code, C source.  Then compile() or emit_c_code()."""

    error = FFIError

    def __init__(self, backend=None):
        if backend is not None:
            raise BuildTimeError("FFI(backend) does not exist under coil-stubgen; write FFI()")
        self.module_name = None
        self._sections = []
        self._init_code = None
        self._embedding = False
        # (C source or None, its extension, compiler keywords, these as options), once set.
        self._source = None
        atend.ffis.append(self)

    # ---- what the module declares ----

    def cdef(self, csource, override=False, packed=False, pack=None):
        """Declares types, constants, variables, C functions and `extern "Python"` functions."""
        self._declare("cdef", csource, packed, pack)

    def embedding_api(self, csource, packed=False, pack=None):
        """The same language; every function becomes one that the library exports and Python implements."""
        self._declare("api", csource, packed, pack)
        self._embedding = True

    def _declare(self, kind, csource, packed, pack):
        method = "embedding_api" if kind == "api" else "cdef"
        if not isinstance(csource, str):
            raise TypeError("%s(): the declarations must be a str, not %s" % (method, type(csource).__name__))
        label, text = origin.find(csource, method)
        self._sections.append(Section(self, kind, label, text, alignment(packed, pack)))

    def include(self, ffi_to_include):
        """Takes over the other's types and constants, as they are declared now."""
        if not isinstance(ffi_to_include, FFI):
            raise TypeError("include(): expected another FFI object, not %s"
                            % type(ffi_to_include).__name__)
        if ffi_to_include is self:
            raise ValueError("include(): an FFI object cannot include itself")
        taken = [section.included(without_python_functions(section.text))
                 for section in ffi_to_include._sections]
        known = {section.original for section in self._sections}
        # Two that are included may both include a third.
        self._sections += [section for section in taken if section.original not in known]

    def embedding_init_code(self, pysource):
        """The Python code that runs before the first call, with @ffi.def_extern() on the implementations."""
        if self._init_code is not None:
            raise ValueError("embedding_init_code() can only be called once for an FFI object")
        if not isinstance(pysource, str):
            raise TypeError("embedding_init_code(): the code must be a str, not %s" % type(pysource).__name__)
        code = dedented(pysource)
        name = "<init code for '%s'>" % self.module_name if self.module_name else "<init code>"
        compile(code, name, "exec", dont_inherit=True)
        self._init_code = code
        self._embedding = True

    # ---- how it is built ----

    def set_source(self, module_name, source, source_extension=".c", **kwds):
        """Names the module, and gives the C source to go in front of the generated code."""
        if self._source is not None:
            raise ValueError("set_source() can only be called once for an FFI object; "
                             "this one is '%s' already" % self.module_name)
        if not isinstance(module_name, str):
            raise TypeError("set_source(): the module's name must be a str, not %s"
                            % type(module_name).__name__)
        if os.sep in module_name:
            raise ValueError("set_source(): the module's name '%s' contains '/'; write 'package.module' for "
                             "a module in a folder, and compile(tmpdir=...) for the folder that all goes to"
                             % module_name)
        if source is not None and not isinstance(source, str):
            raise TypeError("set_source(): the C source must be a str, not %s" % type(source).__name__)
        if source is not None and not MODULE_NAME.fullmatch(module_name):
            raise ValueError("set_source(): the module's name '%s' must be names with dots between them, as "
                             "in 'package.module': ASCII letters, digits and '_', no digit in front"
                             % module_name)
        self.module_name = module_name
        # Kept as options, so that a wrong keyword is reported where it was written.
        self._source = (source, source_extension, kwds, keywords.options(kwds, source_extension))

    def set_source_pkgconfig(self, module_name, pkgconfig_libs, source, source_extension=".c", **kwds):
        """set_source() with the compiler keywords that pkg-config gives for each of the packages."""
        if not isinstance(pkgconfig_libs, list):
            raise TypeError("set_source_pkgconfig(): the packages must be a list of their names, not %r"
                            % (pkgconfig_libs,))
        kwds = pkgconfig.merged(kwds, pkgconfig_libs)
        self.set_source(module_name, source, source_extension, **kwds)

    def set_unicode(self, enabled_flag):
        raise BuildTimeError("set_unicode() is about Windows; coil is for Linux: remove the call")

    # ---- what comes out ----

    def compile(self, tmpdir=".", verbose=0, target=None, debug=None):
        """Writes C source, header, library and descriptor; returns the library's absolute path."""
        source, extension, kwds, options = self._ready("compile")
        tmpdir = os.fspath(tmpdir)
        files = outputs.Outputs(self.module_name, tmpdir, target, self._embedding, extension)
        sources = keywords.texts(kwds, "sources")
        clash = files.overwritten_source(sources)
        if clash:
            raise ValueError("compile(): '%s' of 'sources' is the file that is generated for module '%s'; "
                             "rename one of the two" % (clash, self.module_name))
        files.create_folders()
        options = ["--output-c", files.c_source, "--output-library", files.library,
                   "--output-descriptor", files.descriptor] + options
        if files.owns_header(source, sources):
            options += ["--output-header", files.header]
        if sys.flags.debug if debug is None else debug:
            options += ["--debug"]
        if verbose:
            options += ["--verbose"]
        self._generate(options, files.directory)
        return os.path.abspath(os.path.join(files.directory, files.library))

    def emit_c_code(self, filename):
        """Writes the C source alone, to a path or to an open text file.

        A file that would not change is not touched.
        """
        self._ready("emit_c_code")
        if hasattr(filename, "write"):
            with tempfile.TemporaryDirectory(prefix="coil-stubgen-") as folder:
                path = os.path.join(folder, "stub.c")
                self._generate(["--output-c", path], os.getcwd())
                with open(path, encoding="utf-8", newline="") as file:
                    filename.write(file.read())
        else:
            self._generate(["--output-c", os.fspath(filename)], os.getcwd())

    def emit_python_code(self, filename):
        if self._source is None:
            raise ValueError("set_source() must be called before emit_python_code()")
        if self._source[0] is not None:
            raise TypeError("emit_python_code() is for modules without C source; '%s' has one: "
                            "use emit_c_code()" % self.module_name)
        raise BuildTimeError(NO_SOURCE % self.module_name)

    def distutils_extension(self, tmpdir="build", verbose=True):
        if self._source is None:
            raise ValueError("set_source() must be called before distutils_extension()")
        if self._source[0] is None:
            raise TypeError(NO_SOURCE % self.module_name)
        raise BuildTimeError("distutils_extension() does not exist under coil-stubgen, which builds the "
                             "library itself: call compile(), or emit_c_code() and build that like any other")

    def _ready(self, method):
        atend.attempts.append(self.module_name)
        if self._source is None:
            raise ValueError("set_source() must be called before %s()" % method)
        if self._source[0] is None:
            if method == "emit_c_code":
                raise TypeError(NO_SOURCE % self.module_name)
            raise BuildTimeError(NO_SOURCE % self.module_name)
        return self._source

    def _generate(self, options, directory):
        with tempfile.TemporaryDirectory(prefix="coil-stubgen-") as folder:
            descriptors = {self: None}
            self._describe_included(directory, descriptors, folder)
            generate(self.module_name, self._sections, self._init_code, self._source[0], options, directory,
                     descriptors)

    def _describe_included(self, directory, descriptors, folder):
        """Compiles each included module's C source; adds the path of its descriptor, or None, to `descriptors`."""
        for owner in {section.owner: None for section in self._sections}:
            if owner in descriptors:
                continue
            descriptors[owner] = None
            # What has no C source of its own is declared as if it were written in the including module.
            if owner._source is None or owner._source[0] is None:
                continue
            owner._describe_included(directory, descriptors, folder)
            source, extension, kwds, _ = owner._source
            path = os.path.join(folder, str(len(descriptors)))
            generate(owner.module_name, owner._sections, None, source,
                     ["--output-descriptor", path + ".coil", "--output-c", path + extension] + keywords.compiling(kwds),
                     directory, descriptors)
            descriptors[owner] = path + ".coil"

    # ---- what CFFI's FFI objects can do besides, and nobody can here ----

    def def_extern(self, *args, **kwds):
        raise ValueError("def_extern() belongs into the init code, on the `ffi` of `from %s import ffi`"
                         % (self.module_name or "NAME"))

    def dlopen(self, *args, **kwds):
        raise BuildTimeError("dlopen() opens a library for Python; coil-stubgen only generates libraries "
                             "for C: open it in the init code")

    def verify(self, *args, **kwds):
        raise BuildTimeError("verify() does not exist under coil-stubgen: "
                             "write set_source(\"NAME\", source, ...) and compile()")


# PyInit_NAME must be a name in C, and `import NAME` one in Python.
MODULE_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*(\.[A-Za-z_][A-Za-z_0-9]*)*")

NO_SOURCE = ("module '%s' has no C source (None), which is CFFI's way to ask for a pure Python module; "
             "coil-stubgen generates C: give set_source() a str, which may be empty")


def alignment(packed, pack):
    """The one number that packed= and pack= come to: the greatest alignment, 0 for the platform's."""
    if packed:
        if packed != True:  # noqa: E712 - 1 is as good as True, as it is for CFFI
            raise ValueError("'packed' must be True or False, not %r; for another alignment write pack="
                             % (packed,))
        if pack:
            raise ValueError("'packed' and 'pack' cannot be given together")
        return 1
    if not pack:
        return 0
    if not isinstance(pack, int):
        raise TypeError("'pack' must be an integer, not %r" % (pack,))
    if pack < 0 or pack & (pack - 1):
        raise ValueError("'pack' must be a power of two, not %r" % (pack,))
    return pack


def dedented(code):
    """`code` without the blank lines in front, and without the indentation that all of its lines share."""
    # Not splitlines(): a form feed or U+2028 inside a literal is no end of a line for Python.
    lines = re.split(r"\r\n|\r|\n", code)
    while len(lines) > 1 and not lines[0].strip():
        del lines[0]
    if not lines[-1]:
        del lines[-1]
    filled = [line for line in lines if line.strip()]
    margin = os.path.commonprefix([re.match(r"\s*", line).group() for line in filled])
    return "".join(line[len(margin):] + "\n" for line in lines)


def refuser(name):
    def refuse(self, *args, **kwds):
        raise BuildTimeError("ffi.%s does not exist in a build script that coil-stubgen runs: nothing is "
                             "compiled yet; use it in the init code, on the `ffi` of `from %s import ffi`"
                             % (name, self.module_name or "NAME"))

    refuse.__name__ = name
    return refuse


for _name in ("new", "new_allocator", "cast", "typeof", "sizeof", "alignof", "offsetof", "string", "unpack",
              "buffer", "from_buffer", "memmove", "callback", "getctype", "addressof", "gc", "release",
              "new_handle", "from_handle", "dlclose", "init_once", "list_types", "getwinerror"):
    setattr(FFI, _name, refuser(_name))
for _name in ("NULL", "errno", "CData", "CType"):
    setattr(FFI, _name, property(refuser(_name)))
del _name

atend.watch()
