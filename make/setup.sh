#!/bin/sh
# Finds which packages are missing for what is asked for (build, test, bench), names them, installs them.
#
#     PYTHON=/usr/bin/python3 make/setup.sh build [test] [bench]
#
# When nothing is missing, it asks dpkg once, is silent and uses no network.
set -eu

PYTHON=${PYTHON:-/usr/bin/python3}
[ "${SETUP:-yes}" = no ] && exit 0
# The distribution's, under whichever of its names.
[ "$(readlink -f "$PYTHON")" = "$(readlink -f /usr/bin/python3)" ] && PYTHON=/usr/bin/python3

say() { printf 'setup: %s\n' "$*" >&2; }

build_packages="libuv1-dev libinih-dev systemtap-sdt-dev libmsgpack-dev libffi-dev libjemalloc-dev pkg-config"
# Another Python than the distribution's brings its own headers, library and _cffi_backend.
distribution_python="python3-dev python3-cffi-backend"
test_packages="libcmocka-dev g++ spin python3-venv binutils clang libclang-rt-dev valgrind"
# Tests that need one of these are skipped without it, and say so.
optional_packages="python3-prometheus-client cmake meson ninja-build abigail-tools debhelper lintian systemd bash-completion man-db groff-base"
bench_packages="python3-cffi python3-numpy"

packages=
optional=
for kind in "$@"; do
    case $kind in
    build)
        packages="$packages $build_packages"
        [ "$PYTHON" = /usr/bin/python3 ] && packages="$packages $distribution_python"
        ;;
    test)
        packages="$packages $test_packages"
        optional=$optional_packages
        ;;
    bench) packages="$packages $bench_packages" ;;
    *)
        say "unknown kind '$kind': build, test or bench"
        exit 2
        ;;
    esac
done

if ! command -v "${CC:-cc}" >/dev/null 2>&1; then
    say "there is no C compiler '${CC:-cc}'; install one (Debian: gcc libc6-dev) or say make CC=..."
    exit 1
fi

if ! command -v dpkg-query >/dev/null 2>&1; then
    say "this is not a Debian system, so nothing can be installed for you."
    say "coil needs what these Debian packages hold:$packages"
    say "When it is there, say: make SETUP=no ..."
    exit 1
fi

# A package can be provided by another one (pkg-config by pkgconf), so a name dpkg does not know is looked for there, too.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' 2>/dev/null |
    sed -n 's/^installed //p' | sed 's/([^)]*)//g' | tr ', ' '\n\n')
# missing_of PACKAGE...: those that are not there.
missing_of() {
    for package in "$@"; do
        printf '%s\n' "$installed" | grep -qxF "$package" || printf ' %s' "$package"
    done
}
# shellcheck disable=SC2086
missing=$(missing_of $packages)
# shellcheck disable=SC2086
missing_optional=$(missing_of $optional)

install_packages() {
    $root apt-get update && $root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}
if [ -n "$missing$missing_optional" ]; then
    say "missing packages:$missing$missing_optional"
    root=
    can=yes
    if [ "$(id -u)" != 0 ]; then
        root=sudo
        command -v sudo >/dev/null 2>&1 || can=
    fi
    if [ -z "$can" ]; then
        say "they can be installed by root only, and there is no sudo. As root:"
        say "    apt-get update && apt-get install -y$missing$missing_optional"
        [ -z "$missing" ] || exit 1
    fi
    [ -z "$can" ] || [ -z "$root" ] || say "installing them with sudo"
    # shellcheck disable=SC2086
    if [ -n "$missing" ] && ! install_packages $missing; then
        say "could not install:$missing"
        say "Install them by hand, or say make SETUP=no ... if they are there in another form."
        exit 1
    fi
    # shellcheck disable=SC2086
    if [ -n "$missing_optional" ] && [ -n "$can" ] && ! install_packages $missing_optional; then
        say "could not install:$missing_optional; tests that need them are skipped"
    fi
fi

# The Python to build against: its headers, its shared library, its _cffi_backend.  The distribution's is known to dpkg.
[ "$PYTHON" = /usr/bin/python3 ] && exit 0
if ! command -v "$PYTHON" >/dev/null 2>&1; then
    say "PYTHON=$PYTHON is not there; name a Python 3 interpreter, or leave it out for /usr/bin/python3"
    exit 1
fi
# Said first, in words that every Python understands: the rest of the check is Python 3.
if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "PYTHON=$PYTHON cannot be used: it is $("$PYTHON" -V 2>&1 | head -n 1); coil needs Python 3.11 or later"
    exit 1
fi
"$PYTHON" - "$PYTHON" <<'CHECK'
import os
import sys
import sysconfig

problems = []
if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
    problems.append("its headers are missing (%s/Python.h)" % sysconfig.get_path("include"))
if not sysconfig.get_config_var("Py_ENABLE_SHARED"):
    problems.append("it was built without a shared library (configure --enable-shared)")
try:
    import _cffi_backend  # noqa: F401
except ImportError as error:
    problems.append("it has no _cffi_backend (%s); install the package cffi for it" % error)
for problem in problems:
    print("setup: PYTHON=%s cannot be used: %s" % (sys.argv[1], problem), file=sys.stderr)
sys.exit(1 if problems else 0)
CHECK
