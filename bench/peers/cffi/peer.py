"""CFFI embedding: what coil is compared with."""
TITLE = "CFFI embedding, in-process"
PACKAGES = ["python3-cffi"]
WORKS = {"nothing", "add", "text", "point", "call_back", "first", "note", "threads", "processes", "first call"}


def build(kit):
    kit.copy("common/build.py")
    kit.run(kit.python, "build.py")
