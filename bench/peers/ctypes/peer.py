"""Function pointers that ctypes makes of Python functions."""
TITLE = "ctypes callback"
PACKAGES = ["python3-dev"]
WORKS = {"nothing", "add", "text", "point", "call_back", "first", "note", "threads", "processes", "first call"}


def build(kit):
    kit.compile_embedding("callbacks.c")
