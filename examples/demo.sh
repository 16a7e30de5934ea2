#!/bin/sh
# Runs both examples: first against a daemon, which the first of them starts, then with Python in the program.
#
#     examples/demo.sh BUILD      BUILD: coil's build folder, or a prefix it is installed in
#
# All happens in a temporary folder; the daemon has a socket of its own there and is stopped at the end.
set -eu

if [ $# -ne 1 ] || [ ! -x "$1/bin/coil-stubgen" ]; then
    echo "usage: $0 BUILD, a folder that has bin/coil-stubgen: run make first" >&2
    exit 2
fi
build=$(cd "$1" && pwd)
examples=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/coil-demo.XXXXXX")
daemon_may_run=

cleanup() {
    status=$?
    trap - EXIT
    # Only after a failure: otherwise it has been stopped, and that was checked.
    if [ -n "$daemon_may_run" ]; then
        "$build/bin/coilctl" stop >/dev/null 2>&1 || true
    fi
    rm -rf "$work"
    exit $status
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

unset COIL_MODE COIL_INTERPRETER COIL_AUTOSTART
COIL_SOCKET=$work/coild.sock
export COIL_SOCKET

fail() {
    echo "demo: $*" >&2
    exit 1
}

# run EXAMPLE WHERE ("the same" or "another"): runs the program and checks in which process Python ran.
run() {
    (cd "$work/$1" && ./main) >"$work/output" || { cat "$work/output"; fail "$1 failed"; }
    sed 's/^/    /' "$work/output"
    python=$(sed -n 's/^Python ran in process \([0-9]*\),.*/\1/p' "$work/output")
    program=$(sed -n 's/.* this program is process \([0-9]*\)$/\1/p' "$work/output")
    if [ -z "$python" ] || [ -z "$program" ]; then
        fail "$1 did not say which process ran Python"
    fi
    if [ "$python" = "$program" ]; then where="the same"; else where=another; fi
    [ "$where" = "$2" ] || fail "$1: Python ran in $where process"
}

cp -R "$examples/embedding" "$examples/plugin" "$work"
for example in embedding plugin; do
    echo "== building examples/$example"
    "${MAKE:-make}" --no-print-directory -C "$work/$example" "COIL=$build" main
done

daemon_may_run=yes
for example in embedding plugin; do
    echo "== $example, Python in the daemon's worker"
    run $example another
done
"$build/bin/coilctl" status || fail "coilctl status failed"

COIL_MODE=inprocess
export COIL_MODE
for example in embedding plugin; do
    echo "== $example, COIL_MODE=inprocess, Python in the program itself"
    run $example "the same"
done
unset COIL_MODE

"$build/bin/coilctl" stop || fail "coilctl stop failed"
daemon_may_run=
echo "== the same programs, both ways: done"
