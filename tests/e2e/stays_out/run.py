"""In daemon mode neither the program nor its stub library maps libpython."""
import subprocess


def run(case):
    case.check(case.run(), "42, libpython not mapped, host not mapped, Python in another process\n" if case.mode == "daemon"
               else "42, libpython mapped, host mapped, Python in this process\n")
    for library in case.libraries() + [case.program]:
        needed = subprocess.run(["readelf", "-d", library], stdout=subprocess.PIPE, text=True, check=True).stdout
        case.expect("libpython" not in needed, "%s needs libpython:\n%s" % (library, needed))
