#!/usr/bin/python3
"""Tests of the front end: what coil-stubgen makes of a CFFI build script.

    tests/frontend/run.py [--build DIR] [-k PATTERN] [-v]

Cases are the unittest cases of test_*.py beside this file.  Those of
test_real_*.py run DIR/bin/coil-stubgen and are skipped if it has not been
built; the others replace the core by fake_core.py, which writes down what it
was asked for.
"""
import argparse
import os
import sys
import unittest

import support


def main():
    parser = argparse.ArgumentParser(description="tests of coil-stubgen's front end for build scripts")
    parser.add_argument("--build", default=os.path.join(support.ROOT, "build"), help="the build folder")
    parser.add_argument("-k", metavar="PATTERN", action="append", help="only cases whose name matches")
    parser.add_argument("-v", action="store_true", help="name each case")
    options = parser.parse_args()
    support.build = os.path.abspath(options.build)

    sys.dont_write_bytecode = True
    loader = unittest.TestLoader()
    if options.k:
        loader.testNamePatterns = [name if "*" in name else "*%s*" % name for name in options.k]
    suite = loader.discover(support.HERE, "test_*.py")
    result = unittest.TextTestRunner(verbosity=2 if options.v else 1).run(suite)
    return 0 if result.wasSuccessful() and (result.testsRun or options.k) else 1


if __name__ == "__main__":
    sys.exit(main())
