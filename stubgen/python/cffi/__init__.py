"""The `cffi` that build scripts see when coil-stubgen runs them.

`coil-stubgen build.py` puts this package first on PYTHONPATH, so that a CFFI
build script runs unchanged.  The package records what the script says and
hands it to coil-stubgen's own C core, which reads the declarations, writes the
stub and calls the compiler.  Nothing here knows C types, and nothing here is
needed once the stub library exists.

    api         FFI, as a build script sees it: records, checks arguments
    origin      where in the script a declaration's text stands
    included    what of another FFI's declarations include() takes over
    keywords    set_source()'s compiler keywords as command-line options
    pkgconfig   the same keywords, asked of pkg-config
    outputs     which files come out, under which names
    core        runs the C core
    atend       the complaint about a script that generated nothing
    error       the exceptions, under CFFI's names
"""
from .api import FFI
from .error import CDefError, FFIError, PkgConfigError, VerificationError, VerificationMissing

__all__ = ["FFI", "VerificationError", "VerificationMissing", "CDefError", "FFIError"]

# The CFFI whose build-script interface this is; scripts compare it.
__version__ = "1.15.1"
__version_info__ = (1, 15, 1)
