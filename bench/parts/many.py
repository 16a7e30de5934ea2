"""Many at once: calls per second of N threads in M processes, for every peer in turn, round after round."""
import time

import kit

THREADS = [1, 2, 4, 8, 16, 32, 64]
PROCESSES = [2, 4, 8, 16, 32, 64]
BOTH = [(2, 2), (4, 4), (8, 8)]
LEAD_NS = 30000000  # all have started their threads by then


def together(drivers, threads, duration_ms):
    begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC) + LEAD_NS + 300000 * threads * len(drivers)
    text = "throughput %d %d %d" % (threads, duration_ms, begin)
    for driver in drivers:
        driver.send(text)
    answers = [driver.answer(text) for driver in drivers]
    return {"rate": sum(answer["calls"] for answer in answers) * 1000 / duration_ms,
            "fewest": min(answer["fewest"] for answer in answers), "most": max(answer["most"] for answer in answers)}


def run(bench, options):
    """{"threads": {peer: {N: [round]}}, "processes": {peer: {"NxM": [round]}}}."""
    threads = {peer.name: {} for peer in bench.can("threads")}
    processes = {peer.name: {} for peer in bench.can("processes")}
    for number in range(options.rounds):
        for count in THREADS:
            for peer in bench.can("threads"):
                driver = peer.driver()
                threads[peer.name].setdefault(str(count), []).append(together([driver], count, options.burst_ms))
                driver.close()
        if number < options.process_rounds:
            for each, count in [(1, count) for count in PROCESSES] + BOTH:
                for peer in bench.can("processes"):
                    drivers = [peer.driver() for _ in range(count)]
                    key = "%dx%d" % (each, count)
                    processes[peer.name].setdefault(key, []).append(together(drivers, each, options.burst_ms))
                    for driver in drivers:
                        driver.close()
        kit.say("many, round %d of %d: 8 threads, thousand calls a second: %s" % (number + 1, options.rounds, ", ".join(
            "%s %.0f" % (name, rows["8"][-1]["rate"] / 1000) for name, rows in threads.items())))
    return {"threads": threads, "processes": processes}
