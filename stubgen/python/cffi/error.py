"""The exceptions of build scripts, under the names that CFFI gives them."""


class FFIError(Exception):
    """Something that an FFI object cannot do."""

    __module__ = "cffi"


class CDefError(Exception):
    """A declaration that cannot be used."""

    __module__ = "cffi"


class VerificationError(Exception):
    """The C compiler or the linker refused the module."""

    __module__ = "cffi"


class VerificationMissing(Exception):
    """Exists for scripts that import the name; never raised here."""

    __module__ = "cffi"


class PkgConfigError(Exception):
    """pkg-config is missing or does not know the package."""

    __module__ = "cffi"


class BuildTimeError(FFIError, NotImplementedError):
    """Something of CFFI's that does not exist in a build script run by coil-stubgen."""

    __module__ = "cffi"


class GenerationFailed(CDefError, VerificationError, SystemExit):
    """coil-stubgen refused the module and has already said why on stderr.

    A script that catches CFFI's errors catches this one: which of the two CFFI
    would have raised is known only to whoever read the message.  Uncaught, it
    ends the script with coil-stubgen's own exit status and without a
    traceback, because the message says all there is to say.
    """

    __module__ = "cffi"

    def __init__(self, message, status):
        super().__init__(message)
        self.code = status

    def __str__(self):
        return self.args[0]
