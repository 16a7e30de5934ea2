"""What was measured where: said below each table."""
import os
import platform
import re
import subprocess

from kit import PYTHON


def first_line(*arguments):
    try:
        done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError:
        return ""
    return done.stdout.splitlines()[0].strip() if done.stdout else ""


def machine():
    with open("/proc/cpuinfo") as file:
        text = file.read()
    found = re.search(r"model name\s*:\s*(.*)", text)
    model = found.group(1).strip() if found else "unknown CPU"
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) / (1 << 20)
    cffi = first_line(PYTHON, "-c", "import cffi; print(cffi.__version__)")
    return "%s, %d CPUs%s, %.0f GiB; Linux %s; %s; CFFI %s; %s" % (
        model, len(os.sched_getaffinity(0)), " of a virtual machine" if "hypervisor" in text else "", memory,
        platform.release().split("-")[0], first_line(PYTHON, "-V"), cffi, first_line("cc", "--version"))


def versions(peers):
    """Of the packages that the peers are built from."""
    packages = sorted({package for peer in peers for package in peer.packages})
    known = []
    for package in packages:
        version = first_line("dpkg-query", "-W", "-f", "${Version}", package)
        if version and "no packages" not in version:
            known.append("%s %s" % (package, version))
    return ", ".join(known)
