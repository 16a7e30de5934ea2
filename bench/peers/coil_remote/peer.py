"""coil with Python in the daemon's worker, which is warm."""
TITLE = "coil, remote (daemon)"
PACKAGES = []
WORKS = {"nothing", "add", "text", "point", "call_back", "first", "note", "threads", "processes", "first call", "asleep",
         "copy"}
ENVIRONMENT = {"COIL_MODE": "daemon"}


def build(kit):
    kit.copy("common/build.py")
    kit.run(kit.coil("coil-stubgen"), "build.py")


def start(kit):
    kit.run("./driver", "once")


def stop(kit):
    kit.run(kit.coil("coilctl"), "stop")
