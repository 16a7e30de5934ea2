"""Single calls, of all kinds of work, and streams: every peer in turn, for each kind, round after round."""
import kit

WORKS = ["nothing", "add", "text", "point", "call_back", "first_8", "first_1k", "first_64k", "first_1m", "first_64m",
         "copy_1k", "copy_64k", "copy_1m", "copy_64m"]
ASLEEP_PAUSE_US = 3000


def measure(peer, drivers, text):
    """One that spins runs for this measurement only."""
    if not peer.spins:
        return drivers[peer.name].ask(text)
    driver = peer.driver()
    try:
        return driver.ask(text)
    finally:
        driver.close()


def run(bench, options):
    """{"calls": {peer: {work: [one per round]}}}; asleep and stream are works, too."""
    results = {name: {} for name in bench.peers}
    plan = [(work, work, "latency %s %d %d" % (work, options.calls, options.limit_ms)) for work in WORKS]
    plan.append(("asleep", "asleep", "asleep %d %d" % (options.asleep, ASLEEP_PAUSE_US)))
    plan.append(("stream", "note", "stream %d" % options.calls))
    for number in range(options.rounds):
        drivers = {name: peer.driver() for name, peer in bench.peers.items() if not peer.spins}
        for work, needs, text in plan:
            for peer in bench.can(needs):
                results[peer.name].setdefault(work, []).append(measure(peer, drivers, text))
        for driver in drivers.values():
            driver.close()
        kit.say("calls, round %d of %d: add() p50 ns: %s" % (number + 1, options.rounds, ", ".join(
            "%s %.0f" % (name, rows["add"][-1]["p50"]) for name, rows in results.items() if "add" in rows)))
    return {"calls": results}
