#!/usr/bin/python3
"""Runs the fuzz targets, which `make fuzz` has built.

    tests/fuzz/run.py [--build DIR] [-k PATTERN] [--seconds N] [-j N]
    tests/fuzz/run.py -k message --merge        keep the fewest inputs that reach what has been reached so far

tests/fuzz/NAME.c is a target; tests/fuzz/corpus/NAME/ has the inputs kept for it: seeds, and every input that
once broke something, named for what it did (regression-*).  More seeds are made of the declarations in tests/golden and
tests/reject (seeds.py).  BUILD/fuzz/found/NAME/ has what earlier runs have found, and goes with the build folder.

An input that breaks a promise is written to BUILD/fuzz/broken/; BUILD/fuzz/NAME FILE runs it again.
"""
import argparse
import concurrent.futures
import fnmatch
import glob
import os
import re
import shutil
import subprocess
import sys

import seeds

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SIZES = {"image": 20480, "stubgen_included": 24576, "ring": 8192}  # bytes of an input; else:
SIZE = 4096


class Target:
    def __init__(self, name, build):
        self.name = name
        self.program = os.path.join(build, "fuzz", name)
        self.corpus = os.path.join(HERE, "corpus", name)
        self.seeds = os.path.join(build, "fuzz", "seeds", name)
        self.found = os.path.join(build, "fuzz", "found", name)
        self.broken = os.path.join(build, "fuzz", "broken")

    def prepare(self, stubgen):
        for folder in (self.seeds, self.found, self.broken):
            os.makedirs(folder, exist_ok=True)
        seeds.make(self.name, stubgen, self.seeds)

    def folders(self):
        return [folder for folder in (self.found, self.corpus, self.seeds) if os.path.isdir(folder)]

    def command(self, *options):
        # An input that takes 10 s, or a gigabyte, is as broken as one that crashes.
        return [self.program, "-timeout=10", "-rss_limit_mb=1024", "-max_len=%d" % SIZES.get(self.name, SIZE),
                "-artifact_prefix=" + os.path.join(self.broken, self.name + "-"), *options]

    def execute(self, command):
        environment = dict(os.environ, ASAN_OPTIONS="detect_stack_use_after_return=0:allocator_may_return_null=1",
                           UBSAN_OPTIONS="print_stacktrace=1")
        done = subprocess.run(command, cwd=self.broken, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def run(self, seconds):
        """Returns whether all is well, and what to say."""
        kept = sorted(glob.glob(os.path.join(self.corpus, "*")) + glob.glob(os.path.join(self.seeds, "*")))
        if kept:
            status, text = self.execute(self.command(*kept))
            if status:
                return False, "one of the inputs kept breaks it:\n" + tail(text)
        dictionary = os.path.join(HERE, self.name + ".dict")
        options = ["-dict=" + dictionary] if os.path.exists(dictionary) else []
        status, text = self.execute(self.command("-max_total_time=%d" % seconds, *options, *self.folders()))
        done = re.search(r"DONE +cov: (\d+).*", text)
        tried = re.search(r"Done (\d+) runs", text)
        if status or not done:
            return False, tail(text)
        return True, "%d inputs kept, %s tried, %s places reached" % (len(kept), tried.group(1) if tried else "?",
                                                                      done.group(1))

    def merge(self):
        """Makes the corpus small: what is found elsewhere is kept only if the seeds do not reach it."""
        fresh = self.found + ".merged"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(self.seeds, fresh)
        before = set(os.listdir(fresh))
        status, text = self.execute(self.command("-merge=1", fresh, self.corpus, self.found)
                                    if os.path.isdir(self.corpus) else self.command("-merge=1", fresh, self.found))
        if status:
            return False, tail(text)
        os.makedirs(self.corpus, exist_ok=True)
        for name in os.listdir(self.corpus):
            if not name.startswith("regression-"):
                os.remove(os.path.join(self.corpus, name))
        for name in sorted(set(os.listdir(fresh)) - before):
            shutil.copy(os.path.join(fresh, name), os.path.join(self.corpus, name[:12]))
        shutil.rmtree(fresh)
        size = sum(os.path.getsize(path) for path in glob.glob(os.path.join(self.corpus, "*")))
        return True, "%d inputs, %d bytes" % (len(os.listdir(self.corpus)), size)


def tail(text):
    """The last lines, but from the beginning of what went wrong."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if re.search(r"==ERROR|runtime error:|this must hold:|ALARM|SUMMARY", line):
            return "\n".join(lines[max(0, number - 2):number + 60])
    return "\n".join(lines[-40:])


def main():
    parser = argparse.ArgumentParser(description="the fuzz targets")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("-k", default="*", help="only targets that match this pattern")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("-j", type=int, default=1, help="targets at a time")
    parser.add_argument("--merge", action="store_true")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    stubgen = os.path.join(build, "bin", "coil-stubgen")
    names = [os.path.splitext(os.path.basename(path))[0] for path in sorted(glob.glob(os.path.join(HERE, "*.c")))]
    targets = [Target(name, build) for name in names if fnmatch.fnmatch(name, options.k)]
    failed = 0
    for target in targets:
        target.prepare(stubgen)
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, options.j)) as pool:
        runs = [(target, pool.submit(target.merge) if options.merge else pool.submit(target.run, options.seconds))
                for target in targets]
        for target, result in runs:
            good, text = result.result()
            failed += not good
            print("%s %s: %s" % ("ok  " if good else "FAIL", target.name, text), flush=True)
    return 1 if failed or not targets else 0


if __name__ == "__main__":
    sys.exit(main())
