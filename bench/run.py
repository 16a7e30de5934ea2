#!/usr/bin/python3
"""Measures coil beside its peers, in turns; prints what is promised, and writes docs/bench/latest.md with plots.

    bench/run.py [--build DIR] [--quick] [--parts calls,start,many,idle,stages] [--peers NAME,NAME] [--results FILE]
                 [--output DIR] [--rounds N]
    bench/run.py --packages      one line for each peer: the packages it is made from

bench/README.md says what the parts measure and how to add a peer.  The figures are kept as JSON (--results); with
--parts only those are measured again, and the page is made from all that the file holds.
"""
import argparse
import importlib
import json
import os
import shutil
import sys
import time

import kit
import machine
import plots
import tables

PARTS = ["calls", "start", "many", "idle", "stages"]

FULL = {"rounds": 7, "calls": 10000, "limit_ms": 50, "asleep": 60, "starts": 25, "cold_starts": 5, "burst_ms": 60,
        "process_rounds": 2, "idle_clients": 1000, "idle_seconds": 5}
QUICK = {"rounds": 5, "calls": 3000, "limit_ms": 10, "asleep": 20, "starts": 7, "cold_starts": 1, "burst_ms": 15,
         "process_rounds": 1, "idle_clients": 200, "idle_seconds": 2}


def parse():
    parser = argparse.ArgumentParser(description="coil beside its peers")
    parser.add_argument("--build", default=os.path.join(kit.ROOT, "build"))
    parser.add_argument("--quick", action="store_true", help="fewer of everything: about a minute")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--peers", default="", help="only these, besides coil and CFFI")
    parser.add_argument("--results", default="")
    parser.add_argument("--output", default=os.path.join(kit.ROOT, "docs", "bench"))
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--packages", action="store_true")
    options = parser.parse_args()
    for name, value in (QUICK if options.quick else FULL).items():
        if not getattr(options, name, None):
            setattr(options, name, value)
    options.parts = options.parts.split(",")
    options.results = options.results or os.path.join(options.build, "bench.json")
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error("unknown parts: %s; there are %s" % (" ".join(sorted(unknown)), " ".join(PARTS)))
    return options


def measure(bench, options, results):
    wanted = kit.peer_names()
    if options.peers:
        wanted = [name for name in wanted if name in options.peers.split(",") or name.startswith(("coil", "cffi"))]
    bench.prepare(wanted)
    results.setdefault("titles", {}).update({name: peer.title for name, peer in bench.peers.items()})
    results["titles"] = {name: results["titles"][name] for name in kit.peer_names() if name in results["titles"]}
    results["left_out"] = bench.left_out
    results["machine"] = machine.machine()
    results["versions"] = machine.versions(bench.peers.values())
    results["options"] = "%s: %d rounds in turns; medians over the rounds." % (
        time.strftime("%Y-%m-%d"), options.rounds) + (" A quick run." if options.quick else "")
    for name in options.parts:
        begin = time.monotonic()
        results.update(importlib.import_module("parts." + name).run(bench, options))
        kit.say("%s: %.0f s" % (name, time.monotonic() - begin))


def main():
    options = parse()
    work = kit.work_folder()
    try:
        bench = kit.Bench(options.build, work)
        if options.packages:
            for name in kit.peer_names():
                print(" ".join(kit.Peer(name, bench).packages))
            print(" ".join(plots.PACKAGES))
            return 0
        results = {}
        if os.path.exists(options.results) and options.parts != PARTS:
            with open(options.results) as file:
                results = json.load(file)
        try:
            measure(bench, options, results)
        finally:
            bench.stop()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    with open(options.results, "w") as file:
        json.dump(results, file)
    os.makedirs(options.output, exist_ok=True)
    with open(os.path.join(options.output, "latest.md"), "w") as file:
        file.write(tables.page(results, plots.draw(results, options.output)))
    print("\n" + "\n".join(tables.goals_table(results)), flush=True)
    print("%s/latest.md has all of it" % os.path.relpath(options.output), flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except kit.Trouble as trouble:
        sys.exit("bench: %s" % trouble)
