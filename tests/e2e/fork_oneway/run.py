"""One-way calls that are queued when the program forks are carried out once, in order, whatever the child does."""
import os


def numbers(path):
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [int(line) for line in file.read().split()]


def run(case):
    parent, child = case.path("parent-" + case.mode), case.path("child-" + case.mode)
    case.check(case.run(parent, child), "0 bad\n")
    case.wait_for(lambda: len(numbers(parent)) >= 300 and len(numbers(child)) >= 50, "all calls arrive")
    case.equal(numbers(parent), 3 * list(range(100)), "the parent's")
    case.equal(numbers(child), list(range(50)), "the child's")
