"""Proves the wake protocol with spin, and that the model would notice if either fence were missing."""
import pathlib
import subprocess
import sys
import tempfile

MODEL = pathlib.Path(__file__).with_name("wake.pml").resolve()


def errors(defines):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["spin", *defines, "-a", str(MODEL)], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cc", "-O1", "-w", "-o", "pan", "pan.c"], cwd=folder, check=True)
        text = subprocess.run(["./pan"], cwd=folder, check=True, capture_output=True, text=True).stdout
    line = next(line for line in text.splitlines() if "errors:" in line)
    return int(line.rsplit("errors:", 1)[1])


def main():
    failed = 0
    for defines, expected in (([], False), (["-DNO_PRODUCER_FENCE"], True), (["-DNO_CONSUMER_FENCE"], True)):
        found = errors(defines) > 0
        name = " ".join(["wake", *defines])
        print("%s model %s: %s" % ("ok  " if found == expected else "FAIL", name,
                                   "lost wake-up found" if found else "no lost wake-up"))
        failed += found != expected
    return 1 if failed else 0


sys.exit(main())
