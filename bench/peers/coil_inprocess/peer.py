"""coil with the interpreter inside the program."""
TITLE = "coil, in-process"
PACKAGES = []
WORKS = {"nothing", "add", "text", "point", "call_back", "first", "note", "threads", "processes", "first call"}
ENVIRONMENT = {"COIL_MODE": "inprocess"}


def build(kit):
    kit.copy("common/build.py")
    kit.run(kit.coil("coil-stubgen"), "build.py")
