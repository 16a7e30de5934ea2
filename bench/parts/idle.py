"""What attached programs that do nothing cost: the daemon's CPU time and memory."""
import glob
import os
import re
import subprocess
import time

import kit

PROGRAMS = ("coild", "coil-worker")


def pids(bench):
    """Of the bench's own daemon: those that have its socket's folder in their environment, or were started by such."""
    found = []
    for path in glob.glob("/proc/[0-9]*"):
        try:
            with open(path + "/comm") as file:
                name = file.read().strip()
            with open(path + "/cmdline", "rb") as file:
                line = file.read()
            with open(path + "/environ", "rb") as file:
                environment = file.read()
        except OSError:
            continue
        if name in PROGRAMS and (bench.work.encode() in line or bench.work.encode() in environment):
            found.append(int(os.path.basename(path)))
    return found


def cpu_ns(pid):
    total = 0
    for path in glob.glob("/proc/%d/task/*/schedstat" % pid):
        with open(path) as file:
            total += int(file.read().split()[0])
    return total


def private_bytes(pid):
    """RSS without pages of shared memory, which memfd_bytes() counts, each once."""
    with open("/proc/%d/status" % pid) as file:
        text = file.read()
    return sum(int(size) for size in re.findall(r"^Rss(?:Anon|File):\s+(\d+) kB", text, re.M)) * 1024


def memfd_bytes(processes):
    """The blocks of all memfds that any of the processes has open or has mapped."""
    seen = {}
    for pid in processes:
        for path in glob.glob("/proc/%d/fd/*" % pid) + glob.glob("/proc/%d/map_files/*" % pid):
            try:
                if "memfd:" in os.readlink(path):
                    status = os.stat(path)
                    seen[status.st_dev, status.st_ino] = status.st_blocks * 512
            except OSError:
                continue
    return sum(seen.values())


def look(bench):
    processes = pids(bench)
    return {"private": sum(private_bytes(pid) for pid in processes), "memfd": memfd_bytes(processes),
            "cpu": {pid: cpu_ns(pid) for pid in processes}}


def run(bench, options):
    """{"idle": {"clients", "seconds", "cpu_ns", "private", "memfd"}}: what the clients add."""
    remote = bench.peers["coil_remote"]
    remote.run("./driver", "once")
    before = look(bench)
    held, release = os.pipe()
    answers, said = os.pipe()
    clients = [subprocess.Popen(["./driver", "hold"], cwd=remote.folder, env=remote.environment, stdin=held, stdout=said)
               for _ in range(options.idle_clients)]
    os.close(held)
    os.close(said)
    got = 0
    while got < options.idle_clients:
        text = os.read(answers, 4096)
        if not text:
            raise RuntimeError("idle clients ended")
        got += len(text)
    time.sleep(1)  # spinning has ended
    begin, begin_time = look(bench), time.monotonic()
    time.sleep(options.idle_seconds)
    seconds = time.monotonic() - begin_time
    end = look(bench)
    os.close(release)
    for client in clients:
        client.wait()
    os.close(answers)
    used = sum(value - begin["cpu"].get(pid, 0) for pid, value in end["cpu"].items())
    kit.say("idle: %d programs" % options.idle_clients)
    return {"idle": {"clients": options.idle_clients, "seconds": seconds, "cpu_ns": used,
                     "private": end["private"] - before["private"], "memfd": end["memfd"] - before["memfd"]}}
