"""First calls in fresh processes, and whole short programs, in turns; coil against a warm daemon and with none."""
import kit


def first(peer):
    return float(peer.run("./driver", "first"))


def program(bench, peer):
    return float(peer.run("../spawn", "1", "./driver", "once"))


def run(bench, options):
    """{"first": {peer: [ns]}, "program": {peer: [ns]}}; `coil_cold` is coil's daemon mode without a daemon."""
    peers = bench.can("first call")
    results = {"first": {peer.name: [] for peer in peers}, "program": {peer.name: [] for peer in peers}}
    for _ in range(options.starts):
        for peer in peers:
            results["first"][peer.name].append(first(peer))
            results["program"][peer.name].append(program(bench, peer))
    remote = bench.peers["coil_remote"]
    results["first"]["coil_cold"], results["program"]["coil_cold"] = [], []
    for _ in range(options.cold_starts):
        remote.stop()
        results["first"]["coil_cold"].append(first(remote))
        remote.stop()
        results["program"]["coil_cold"].append(program(bench, remote))
    remote.start()
    kit.say("first calls and short programs: %d of each" % options.starts)
    return results
