"""What Python itself costs: no library that runs Python in the program can be cheaper."""
TITLE = "CPython's vectorcall, with the GIL"
PACKAGES = ["python3-dev"]
WORKS = {"nothing", "add", "text", "point", "call_back", "first", "note", "threads", "processes", "first call"}


def build(kit):
    kit.compile_embedding("vectorcall.c")
