"""A limit: two processes of which each sleeps until the other wakes it."""
TITLE = "limit: a futex there and back"
PACKAGES = []
WORKS = {"add", "asleep"}


def build(kit):
    kit.compile_library("futex.c")
