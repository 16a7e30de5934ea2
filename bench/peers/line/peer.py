"""A limit: one cache line there and one back, between two processes that do nothing but spin."""
TITLE = "limit: a cache line there and back"
PACKAGES = []
WORKS = {"add"}
SPINS = True  # its other process takes a CPU for itself: it runs only while it is measured


def build(kit):
    kit.compile_library("line.c")
