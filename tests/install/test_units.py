"""The unit files: that systemd understands all of them, and what they leave of the system to a daemon that is taken over."""
import glob
import os
import re

EXPOSURE_MAX = 1.5
# Besides what the figure counts: what the design says, and what must not be.
WANTED = ["Type=notify", "MemoryDenyWriteExecute=yes", "ProtectSystem=strict", "PrivateNetwork=yes", "NoNewPrivileges=yes",
          "SystemCallArchitectures=native", "CapabilityBoundingSet=", "User=coil", "OOMPolicy=continue", "KillMode=mixed"]
UNWANTED = ["PrivateUsers", "DynamicUser"]


def verify(place, scope, *paths):
    """What systemd-analyze has to say: "" if all is well.  A word that it does not know is no failure to it."""
    done = place.run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *scope, *paths, status=None)
    return done.stdout + done.stderr


def exposure(place, unit, *options, status=0):
    done = place.run("systemd-analyze", "security", "--offline=true", "--no-pager", *options, unit, status=status)
    return float(re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout).group(1))


def check_system(place):
    folder = place.installed("lib", "systemd", "system")
    units = sorted(glob.glob(folder + "/*"))
    place.equal([os.path.basename(unit) for unit in units], ["coild.service", "coild.socket"], "system units")
    place.equal(verify(place, [], *units), "", "systemd-analyze verify")
    service = os.path.join(folder, "coild.service")
    with open(service) as file:
        text = file.read()
    lines = text.splitlines()
    for line in WANTED:
        place.expect(line in lines, "coild.service has no line " + line)
    for word in UNWANTED:
        place.expect(not re.search("^%s=" % word, text, flags=re.MULTILINE), "coild.service has " + word)
    place.expect("ExecStart=%s " % place.installed("bin", "coild") in text, "coild.service starts another coild:\n" + text)
    found = exposure(place, service, "--threshold=%d" % (EXPOSURE_MAX * 10))
    place.expect(found <= EXPOSURE_MAX, "exposure %.1f" % found)

    # The same looks at units that are not in order.
    place.write("bad/coild.service", text.replace("WatchdogSec=", "WatchdogSecs="))
    place.expect("WatchdogSecs" in verify(place, [], place.path("bad/coild.service")), "a misspelt word is not seen")
    place.write("weak/coild.service", re.sub(r"(?m)^(SystemCall|Capab|Protect|Private|Restrict)\w+=.*\n", "", text))
    weak = exposure(place, place.path("weak/coild.service"), "--threshold=%d" % (EXPOSURE_MAX * 10), status=1)
    place.expect(weak > EXPOSURE_MAX, "without protection the exposure is %.1f" % weak)


def check_user(place):
    units = sorted(glob.glob(place.installed("lib", "systemd", "user", "*")))
    place.equal([os.path.basename(unit) for unit in units], ["coild.service", "coild.socket"], "user units")
    place.equal(verify(place, ["--user"], *units), "", "systemd-analyze --user verify")


def check_declarations(place):
    """sysusers.d and tmpfiles.d, carried out in a folder."""
    root = place.path("root")
    os.makedirs(root + "/etc")
    for name in ("passwd", "group"):
        place.write("root/etc/" + name, "root:x:0:0:root:/root:/bin/sh\n" if name == "passwd" else "root:x:0:\n")
    place.run("systemd-sysusers", "--root=" + root, place.installed("lib", "sysusers.d", "coil.conf"))
    with open(root + "/etc/passwd") as file:
        place.expect(re.search(r"^coil:x:\d+:\d+:coil's daemon:/var/lib/coil:\S*nologin$", file.read(), flags=re.MULTILINE),
                     "systemd-sysusers made no user coil")
    place.run("systemd-tmpfiles", "--root=" + root, "--create", place.installed("lib", "tmpfiles.d", "coil.conf"))
    place.equal(os.stat(root + "/run/coil").st_mode & 0o7777, 0o755, "mode of /run/coil")


def run(place):
    place.need("systemd-analyze", "systemd")
    check_system(place)
    check_user(place)
    check_declarations(place)
