#!/usr/bin/python3
"""Runs a command under the restrictions of a unit file, without a systemd to do it.

    sandbox.py compile UNIT FILE [NAME...]  what the unit says, as numbers for the kernel; NAMEs it does not say, on purpose
    sandbox.py run FILE KEPT COMMAND...     applies it to this process, which becomes COMMAND

Only root can.  Of /tmp, the folder KEPT stays visible, and KEPT/t, where tests have their sockets, writable; User= is left out, since their
programs run as the same user.  What a unit says and this does not know is an error: nothing is left out silently.
"""
import ctypes
import json
import os
import re
import struct
import subprocess
import sys

# Said by the unit, and without meaning here: the life of a service, and what is somebody else's business (see above).
IGNORED = {"Type", "NotifyAccess", "ExecStart", "ExecReload", "Environment", "User", "Group", "StateDirectory", "StateDirectoryMode",
           "WatchdogSec", "Restart", "RestartSec", "KillMode", "TimeoutStopSec", "OOMPolicy", "LimitNOFILE", "UMask", "RemoveIPC",
           "KeyringMode",
           # By control groups, and here by PrivateNetwork= and PrivateDevices=, too.
           "DevicePolicy", "IPAddressDeny",
           # By what capabilities, the system call filter and a read-only system leave.
           "ProtectClock", "ProtectControlGroups", "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules",
           "ProtectKernelTunables", "RestrictRealtime", "SystemCallErrorNumber"}
APPLIED = {"AmbientCapabilities": "", "CapabilityBoundingSet": "", "NoNewPrivileges": "yes", "LockPersonality": "yes",
           "MemoryDenyWriteExecute": "yes", "RestrictNamespaces": "yes", "RestrictSUIDSGID": "yes", "ProtectSystem": "strict",
           "ProtectHome": "yes", "PrivateDevices": "yes", "PrivateTmp": "yes", "ProtectProc": "invisible", "ProcSubset": "pid", "PrivateIPC": "yes",
           "PrivateNetwork": "yes", "RestrictAddressFamilies": "AF_UNIX", "SystemCallArchitectures": "native"}

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NAMESPACES = 0x7E020080  # CLONE_NEW*


def parse(path):
    """[(name, value)] of the unit's [Service], in order."""
    with open(path, encoding="utf-8") as file:
        section = re.search(r"^\[Service\]\n(.*?)(^\[|\Z)", file.read(), flags=re.DOTALL | re.MULTILINE).group(1)
    return [tuple(line.split("=", 1)) for line in section.splitlines() if line and line[0] not in "#;"]


def check(settings, without):
    names = {name for name, _ in settings} | set(without)
    for name, value in settings:
        if name not in IGNORED and name != "SystemCallFilter" and APPLIED.get(name) != value:
            sys.exit("sandbox: does not know how to apply %s=%s" % (name, value))
    missing = set(APPLIED) - names
    if missing:
        sys.exit("sandbox: the unit does not say " + " ".join(sorted(missing)))


# ---- system calls ----

def groups():
    """{"@name": [members]} as systemd has them."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], stdout=subprocess.PIPE, text=True, check=True).stdout
    found, group = {}, None
    for line in text.splitlines():
        if line.startswith("@"):
            group = found.setdefault(line.strip(), [])
        elif group is not None and line.startswith("    ") and not line.strip().startswith("#"):
            group.append(line.strip())
    return found


def members(name, table):
    if not name.startswith("@"):
        return {name}
    return set().union(*(members(member, table) for member in table[name]))


def numbers():
    text = subprocess.run(["cc", "-E", "-dM", "-include", "sys/syscall.h", "-xc", "/dev/null"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    found = {name: int(value) for name, value in re.findall(r"#define __NR_(\w+) (\d+)$", text, flags=re.MULTILINE)}
    return found


def instruction(code, k, jt=0, jf=0):
    return struct.pack("<HBBI", code, jt, jf, k)


def load(offset):
    return instruction(0x20, offset)


def give(value):
    return instruction(0x06, value)


def allowed_only(allowed):
    """A filter that lets these numbers through, of this architecture's calls, and nothing else."""
    program = [load(4), instruction(0x15, ARCHITECTURES[os.uname().machine], 1, 0), give(ERRNO | EPERM), load(0)]
    for number in sorted(allowed):
        program += [instruction(0x15, number, 0, 1), give(ALLOW)]
    return program + [give(ERRNO | EPERM)]


def refused_if(number, argument, mask, values, error, unless=False):
    """A filter that refuses a call if the masked argument is one of the values (or if it is none)."""
    program = [load(0), instruction(0x15, number, 1, 0), give(ALLOW), load(16 + 8 * argument), instruction(0x54, mask)]
    for value in values:
        program += [instruction(0x15, value, 0, 1), give(ALLOW if unless else ERRNO | error)]
    return program + [give(ERRNO | error if unless else ALLOW)]


def refused(number, error):
    return [load(0), instruction(0x15, number, 0, 1), give(ERRNO | error), give(ALLOW)]


def filters(settings):
    table, number = groups(), numbers()
    allowed = set()
    for value in [value for name, value in settings if name == "SystemCallFilter"]:
        named = set().union(*(members(word, table) for word in value.lstrip("~").split()))
        allowed = allowed - named if value.startswith("~") else allowed | named
    made = [allowed_only({number[name] for name in allowed if name in number})]
    execute, write_and_execute, shm_exec = 4, 6, 0o100000
    if ("MemoryDenyWriteExecute", "yes") in settings:
        made.append(refused_if(number["mmap"], 2, write_and_execute, [write_and_execute], EPERM))
        for name in ("mprotect", "pkey_mprotect"):
            made.append(refused_if(number[name], 2, execute, [execute], EPERM))
        made.append(refused_if(number["shmat"], 2, shm_exec, [shm_exec], EPERM))
    made.append(refused_if(number["socket"], 0, 0xFFFFFFFF, [1], EAFNOSUPPORT, unless=True))
    made.append(refused_if(number["clone"], 0, NAMESPACES & ~0xFF, [0], EPERM, unless=True))
    for name, error in (("unshare", EPERM), ("setns", EPERM), ("clone3", ENOSYS)):
        made.append(refused(number[name], error))
    made.append(refused_if(number["personality"], 0, 0xFFFFFFFF, [0, 0xFFFFFFFF], EPERM, unless=True))
    for name, argument in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2)):
        if name in number:
            made.append(refused_if(number[name], argument, 0o6000, [0], EPERM, unless=True))
    return [b"".join(program).hex() for program in made]


# ---- applying it ----

libc = ctypes.CDLL(None, use_errno=True)


def must(result, what):
    if result < 0:
        error = ctypes.get_errno()
        sys.exit("sandbox: %s: %s" % (what, os.strerror(error)))


def mount(source, target, kind, flags=0, data=None):
    encode = [text.encode() if text else None for text in (source, target, kind)]
    must(libc.mount(*encode, ctypes.c_ulong(flags), data.encode() if data else None), "mount " + target)


def set_read_only(path, on, recursive=True):
    class Attributes(ctypes.Structure):
        _fields_ = [("set", ctypes.c_uint64), ("clear", ctypes.c_uint64), ("propagation", ctypes.c_uint64), ("userns", ctypes.c_uint64)]
    attributes = Attributes(1 if on else 0, 0 if on else 1, 0, 0)
    must(libc.syscall(442, -100, path.encode(), 0x8000 if recursive else 0, ctypes.byref(attributes), ctypes.sizeof(attributes)),
         "mount_setattr " + path)


def restrict_files(kept):
    bind, recursive, private, nosuid = 0x1000, 0x4000, 1 << 18, 2
    writable = os.path.join(kept, "t")
    must(libc.unshare(0x00020000 | 0x40000000 | 0x08000000), "unshare")  # CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWIPC
    mount(None, "/", None, recursive | private)
    folder = os.open(kept, os.O_PATH | os.O_CLOEXEC)
    for other in ("/tmp", "/var/tmp"):
        mount("tmpfs", other, "tmpfs", nosuid, "mode=1777")
    os.makedirs(kept)
    mount("/proc/self/fd/%d" % folder, kept, None, bind)
    mount(writable, writable, None, bind)
    devices = "/tmp/.dev"
    os.mkdir(devices)
    mount("tmpfs", devices, "tmpfs", nosuid, "mode=755")
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        with open(os.path.join(devices, name), "w"):
            pass
        mount("/dev/" + name, os.path.join(devices, name), None, bind)
    os.mkdir(os.path.join(devices, "shm"))
    mount("/dev/shm", os.path.join(devices, "shm"), None, bind)
    mount(devices, "/dev", None, bind | recursive)
    mount("proc", "/proc", "proc", nosuid, "hidepid=invisible,subset=pid")
    for other in ("/home", "/root", "/run/user"):
        if os.path.isdir(other):
            mount("tmpfs", other, "tmpfs", nosuid, "mode=000")
    set_read_only("/", True)
    for path in ("/tmp", "/var/tmp", "/dev/shm", writable):
        set_read_only(path, False, recursive=False)


def restrict_process(programs):
    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]
    for capability in range(64):
        if libc.prctl(24, capability, 0, 0, 0) < 0:  # PR_CAPBSET_DROP
            break
    must(libc.prctl(47, 4, 0, 0, 0), "ambient capabilities")  # PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL
    header, nothing = struct.pack("<Ii", 0x20080522, 0), bytes(24)
    must(libc.capset(header, nothing), "capset")
    must(libc.prctl(38, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS")
    # The list of what may be called comes last: it may not have prctl() any more.
    for text in programs[1:] + programs[:1]:
        code = bytes.fromhex(text)
        program = Program(len(code) // 8, code)
        must(libc.prctl(22, 2, ctypes.byref(program), 0, 0), "PR_SET_SECCOMP")


def main():
    if sys.argv[1] == "compile":
        settings = parse(sys.argv[2])
        check(settings, sys.argv[4:])
        with open(sys.argv[3], "w", encoding="utf-8") as file:
            json.dump(filters(settings), file)
        return
    with open(sys.argv[2], encoding="utf-8") as file:
        programs = json.load(file)
    here = os.getcwd()
    restrict_files(sys.argv[3])
    os.chdir(here)
    restrict_process(programs)
    os.execv(sys.argv[4], sys.argv[4:])


if __name__ == "__main__":
    main()
