"""A handler crashes with 64 programs attached and core dumps enabled: the dump is small and quick, everyone goes on."""
import os
import resource
import subprocess


def run(case):
    case.crashes = True
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    try:
        programs = [case.popen("wait", stdin=subprocess.PIPE) for _ in range(64)]
        for process in programs:
            case.equal(process.stdout.readline(), b"3\n", "first line")
        result = case.run("crash", timeout=60)
        case.check(result, "3\n-11 soon\n7\n", "~ .*\\bcrash\\b.*")
        for process in programs:
            process.stdin.write(b"go\n")
            process.stdin.flush()
        for process in programs:
            process.stdin.close()
            process.stdin = None
        for process in programs:
            case.check(case.finish(process, timeout=60), "11\n")
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.RLIM_INFINITY))
    for folder in ("/", case.work, case.run_folder):
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if (name == "core" or name.startswith("core.")) and os.path.isfile(path):
                used = os.stat(path).st_blocks * 512
                os.unlink(path)
                case.expect(used < 256 << 20, "%s takes %d MiB" % (path, used >> 20))
