"""pybind11, embedding: py::object called from C++, results cast."""
TITLE = "pybind11 embedded"
PACKAGES = ["pybind11-dev", "g++", "python3-dev"]
WORKS = {"nothing", "add", "text", "point", "call_back", "first", "note", "threads", "processes", "first call"}


def build(kit):
    kit.compile_embedding("embed.cpp")
