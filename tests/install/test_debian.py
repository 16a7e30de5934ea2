"""The Debian packages: built of a copy of the source, looked at by lintian, installed into a scratch root and used there.

The scratch root is this system with the packages on top of it (an overlay), so that their scripts run, too, and the system
itself stays as it is.
"""
import glob
import os
import re
import shutil

import case as support

PACKAGES = ["coil-tools", "coild", "libcoil-dev", "libcoil0"]
# A way into the root: mounts that nobody else sees, and that are gone with the last process.
ENTER = '''
set -e
mount -t tmpfs -o mode=755 coil "$1"
mkdir "$1/upper" "$1/work" "$1/system"
mount -t overlay -o lowerdir=/,upperdir="$1/upper",workdir="$1/work" coil "$1/system"
mount --rbind /proc "$1/system/proc"
mount --rbind /dev "$1/system/dev"
mount -t tmpfs -o mode=1777 coil "$1/system/tmp"
cp -r "$2" "$1/system/tmp/packages"
cp "$3" "$1/system/tmp/inside.sh"
chroot "$1/system" /bin/sh -e /tmp/inside.sh
'''
INSIDE = r'''
export HOME=/tmp LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive XDG_RUNTIME_DIR=/tmp/run
mkdir -m 700 /tmp/run
dpkg -i /tmp/packages/*.deb >/tmp/dpkg.log 2>&1 || { cat /tmp/dpkg.log; exit 1; }
dpkg -s coild | grep '^Status:'
echo "the user is $(getent passwd coil | cut -d: -f1,6)"
test ! -e /etc/systemd/system/sockets.target.wants/coild.socket
ldconfig -p | grep -o 'libcoil.so.0 ' | head -n 1
man -w coild coilctl coil-stubgen coil.h coil_alloc coil >/dev/null
ls /usr/share/doc/coild/copyright >/dev/null

# in_both_modes PROGRAM
in_both_modes() {
    for mode in daemon inprocess; do echo "$mode: $(COIL_MODE=$mode "$@" 2>/dev/null | tr '\n' ';')"; done
    coilctl stop
}
cp -r /usr/share/doc/libcoil-dev/examples /tmp/examples
cd /tmp/examples/make && make >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }
in_both_modes ./sum
if command -v cmake >/dev/null; then
    cd /tmp/examples/cmake && cmake -B build >/tmp/log 2>&1 && cmake --build build >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }
    in_both_modes build/spread
fi
if command -v meson >/dev/null && command -v ninja >/dev/null; then
    cd /tmp/examples/meson && meson setup build >/tmp/log 2>&1 && meson compile -C build >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }
    in_both_modes build/filter
fi
dpkg -P coild coil-tools libcoil-dev libcoil0 >/tmp/dpkg.log 2>&1 || { cat /tmp/dpkg.log; exit 1; }
find /usr /etc /lib -name '*coil*' -newer /tmp/inside.sh ! -path '/usr/local/*' | sed 's/^/left behind: /'
'''
EXPECTED = '''Status: install ok installed
the user is coil:/var/lib/coil
libcoil.so.0 
daemon: the digits of 100! make 648;-1: digits.digit_sum_of_factorial(): Python raised an exception; its traceback is on stderr;
inprocess: the digits of 100! make 648;-1: digits.digit_sum_of_factorial(): Python raised an exception; its traceback is on stderr;
'''
CMAKE = "".join("%s: median 3, deviation 2.915;5 words;\n" % mode for mode in ("daemon", "inprocess"))
MESON = "".join("%s: one fish;two fishes;blue whale;\n" % mode for mode in ("daemon", "inprocess"))


def build(place):
    source = place.path("deb", "coil")
    shutil.copytree(place.root, source, symlinks=True,
                    ignore=lambda folder, names: [name for name in names if name == ".git" or folder == place.root and
                                                  name.startswith("build")])
    place.run("dpkg-buildpackage", "-b", "-us", "-uc", cwd=source, timeout=280,
              env={"DEB_BUILD_OPTIONS": "noautodbgsym parallel=%d" % len(os.sched_getaffinity(0)), "PYTHON": None})
    found = sorted(glob.glob(place.path("deb", "*.deb")))
    names = [os.path.basename(path).split("_")[0] for path in found]
    place.equal(names, PACKAGES, "packages")
    return found


def check_contents(place, packages):
    files = {}
    for path in packages:
        listing = place.run("dpkg-deb", "-c", path).stdout
        files[os.path.basename(path).split("_")[0]] = {line.split()[5].lstrip(".") for line in listing.splitlines()}
    for package, pattern in (("libcoil0", r"/usr/lib/[^/]+-linux-gnu/libcoil\.so\.0"), ("coild", r"/usr/bin/coild"),
                             ("libcoil-dev", r"/usr/bin/coil-stubgen"), ("coil-tools", r"/usr/bin/coilctl"),
                             ("coild", r"(/usr)?/lib/systemd/system/coild\.socket"),
                             ("coild", r"(/usr)?/lib/systemd/user/coild\.service"),
                             ("coild", r"/usr/share/man/man8/coild\.8\.gz"), ("libcoil-dev", r"/usr/share/man/man3/coil_alloc\.3\.gz"),
                             ("coil-tools", r"/usr/share/bash-completion/completions/coilctl"),
                             ("libcoil-dev", r"/usr/lib/[^/]+-linux-gnu/cmake/Coil/CoilConfig\.cmake")):
        place.expect(any(re.fullmatch(pattern, name) for name in files[package]), "%s has no %s" % (package, pattern))
    depends = {os.path.basename(path).split("_")[0]: place.run("dpkg-deb", "-f", path, "Depends").stdout for path in packages}
    place.expect("libpython3." in depends["libcoil0"] and "python3-cffi-backend" in depends["libcoil0"], depends["libcoil0"])
    place.expect("python" not in depends["coild"] + depends["coil-tools"], "coild needs Python itself: " + depends["coild"])


def check_lintian(place, packages):
    place.need("lintian", "lintian")
    done = place.run("lintian", "--allow-root", "--fail-on", "error,warning", "--no-tag-display-limit", *packages, status=None)
    place.expect(done.status == 0 and not re.search(r"^[EW]:", done.stdout, flags=re.MULTILINE),
                 "lintian:\n" + done.stdout + done.stderr)


def install(place, packages):
    if os.geteuid() != 0 or place.run("unshare", "--mount", "true", status=None).status != 0:
        raise support.Skip("the packages were not installed: only root can make a scratch root")
    os.makedirs(place.path("packages"))
    for path in packages:
        shutil.copy(path, place.path("packages"))
    os.makedirs(place.path("scratch"))
    place.write("inside.sh", INSIDE)
    done = place.run("unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "sh", place.path("scratch"),
                     place.path("packages"), place.path("inside.sh"), status=None)
    if "overlay" in done.stderr and "mount" in done.stderr:
        raise support.Skip("the packages were not installed: this kernel has no overlay file system")
    expected = EXPECTED + (CMAKE if shutil.which("cmake") else "") + (
        MESON if shutil.which("meson") and shutil.which("ninja") else "")
    if done.stdout != expected or done.status != 0:
        raise support.Failure("status %d\n%s%s" % (done.status, support.difference(expected, done.stdout, "stdout"), done.stderr))


def run(place):
    place.need("dpkg-buildpackage", "dpkg-dev")
    place.need("dh", "debhelper")
    packages = build(place)
    check_contents(place, packages)
    check_lintian(place, packages)
    install(place, packages)
