#!/bin/sh
# Installs what is good to have and can be done without: each line of its input is one group of Debian packages.
#
#     make/optional.sh < groups
#
# A group that cannot be had is named, and that is all: whoever wants it leaves out what needs it.  When nothing is
# missing, no network is used.
set -u

say() { printf 'setup: %s\n' "$*" >&2; }

command -v dpkg-query >/dev/null 2>&1 || exit 0
if [ "$(id -u)" = 0 ]; then
    root=
elif command -v sudo >/dev/null 2>&1; then
    root=sudo
else
    root=none
fi

updated=
while read -r group; do
    missing=
    for package in $group; do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)
        [ "$status" = installed ] || missing="$missing $package"
    done
    [ -n "$missing" ] || continue
    if [ "$root" = none ]; then
        say "not there, and only root can install it: apt-get install$missing"
        continue
    fi
    if [ -z "$updated" ]; then
        updated=yes
        $root apt-get update >/dev/null 2>&1
    fi
    say "installing$missing"
    # shellcheck disable=SC2086
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 </dev/null ||
        say "could not install$missing"
done
exit 0
