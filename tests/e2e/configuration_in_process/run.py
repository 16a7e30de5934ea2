"""The administrator forbids Python in programs: the one setting that programs read themselves."""
import os
import subprocess


def run(case):
    if subprocess.run(["unshare", "-rm", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        case.note("nobody may have a file system of its own here: left to tests/unit/policy.c")
        return
    folder = case.path("etc")
    os.mkdir(folder)

    def start(text):
        with open(os.path.join(folder, "coild.conf"), "w") as file:
            file.write(text)
        # Another /etc for this program alone.
        script = "mount -t tmpfs none /etc && mkdir /etc/coil && mount --bind %s /etc/coil && exec %s" % (folder, case.program)
        return case.run("-rm", "sh", "-c", script, program="/usr/bin/unshare")

    case.check(start("[programs]\nin-process = allow\n"), "42\n")
    case.check(start("; the administrator's\n[daemon]\nin-process = nothing\n[programs]\nin-process = forbid ; here\n"), "0\n",
               "~ coil: plugin\\.add\\(\\): Python may not run in programs on this machine \\(in-process = forbid in "
               "/etc/coil/coild\\.conf\\): .*; the call returned its error value\n")
