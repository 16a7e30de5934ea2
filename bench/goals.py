"""What coil promises of its speed, computed from a run's results: measure, goal, seen, met or not.

Each measure is a ratio taken within a round where both sides were measured in turns, and then the median over the
rounds; so what the machine does meanwhile hits both.
"""
import statistics

REMOTE, INPROCESS, CFFI = "coil_remote", "coil_inprocess", "cffi"


def median(values):
    return statistics.median(values)


class Results:
    def __init__(self, results):
        self.results = results

    def call(self, peer, work, key="p50"):
        """One number per round."""
        return [row[key] for row in self.results["calls"][peer][work]]

    def rounds(self, function, *columns):
        return median([function(*row) for row in zip(*columns)])

    def ratio(self, peer, other, work="add", key="p50"):
        return self.rounds(lambda a, b: a / b, self.call(peer, work, key), self.call(other, work, key))

    def above_line(self):
        return self.rounds(lambda remote, inprocess, line: remote - (inprocess + line), self.call(REMOTE, "add"),
                           self.call(INPROCESS, "add"), self.call("line", "add"))

    def tail(self):
        return self.rounds(lambda p99, p50: p99 / p50, self.call(REMOTE, "add", "p99"), self.call(REMOTE, "add"))

    def staged(self):
        return self.rounds(lambda big, small, copy: (big - small) / copy, self.call(REMOTE, "first_1m"),
                           self.call(REMOTE, "first_8"), self.call(REMOTE, "copy_1m"))

    def start(self, what):
        times = self.results[what]
        return median(times[REMOTE]) / median(times[CFFI])

    def threads(self, count):
        of = self.results["threads"]
        return self.rounds(lambda a, b: a["rate"] / b["rate"], of[REMOTE][str(count)], of[CFFI][str(count)])

    def idle_cpu(self):
        idle = self.results["idle"]
        return idle["cpu_ns"] / 1e9 / idle["seconds"]

    def idle_memory(self):
        idle = self.results["idle"]
        return (idle["private"] + idle["memfd"]) / idle["clients"] / 1024


# Measure; the goal as text; what it is computed by; the bound; whether seen must be at most (-1) or at least (1) that;
# how what is seen is shown.
GOALS = [
    ("remote `add`, p50 / CFFI in-process `add`", "<= 1.0", lambda r: r.ratio(REMOTE, CFFI), 1.0, -1, "%.2f"),
    ("remote `add`, p50 - (in-process `add` + bare line ping-pong)", "<= 60 ns", Results.above_line, 60, -1, "%.0f ns"),
    ("in-process `add` / CFFI in-process", "<= 0.55", lambda r: r.ratio(INPROCESS, CFFI), 0.55, -1, "%.2f"),
    ("in-process `add` / raw vectorcall with GIL", "<= 1.15", lambda r: r.ratio(INPROCESS, "vectorcall"), 1.15, -1, "%.2f"),
    ("remote `add` / Unix socket + msgpack RPC", "<= 1/40", lambda r: r.ratio(REMOTE, "msgpack"), 1 / 40, -1, "fraction"),
    ("remote p99 / p50, 1 client thread", "<= 2", Results.tail, 2, -1, "%.2f"),
    ("peer asleep: remote round trip / bare futex round trip", "<= 1.25", lambda r: r.ratio(REMOTE, "futex", "asleep"),
     1.25, -1, "%.2f"),
    ("first call, warm daemon / CFFI first call", "<= 1/15", lambda r: r.start("first"), 1 / 15, -1, "fraction"),
    ("short program (start, 1 call, exit), warm daemon / the same with CFFI", "<= 1/8", lambda r: r.start("program"),
     1 / 8, -1, "fraction"),
    ("calls/s with 2 client threads / CFFI in-process with as many", ">= 1.0", lambda r: r.threads(2), 1.0, 1, "%.2f"),
    ("calls/s with 8 client threads / CFFI in-process with as many", ">= 1.0", lambda r: r.threads(8), 1.0, 1, "%.2f"),
    ("calls/s with 64 client threads / CFFI in-process with as many", ">= 1.0", lambda r: r.threads(64), 1.0, 1, "%.2f"),
    ("1,000 idle clients attached: daemon CPU", "< 0.1 % of one core", lambda r: 100 * r.idle_cpu(), 0.1, -1, "%.3f %%"),
    ("memory in the daemon per attached idle client thread (RSS plus memfd blocks)", "<= 64 KiB", Results.idle_memory, 64,
     -1, "%.0f KiB"),
    ("1 MiB `double[]` staged: (remote - small call) / memcpy of 1 MiB", "<= 1.2", Results.staged, 1.2, -1, "%.2f"),
]


def show(value, form):
    return "1/%.1f" % (1 / value) if form == "fraction" else form % value


def goals(results):
    """[(measure, goal, seen, verdict)]; what a run has not measured says so."""
    of, rows = Results(results), []
    for measure, goal, function, bound, direction, form in GOALS:
        try:
            value = function(of)
        except (KeyError, statistics.StatisticsError):
            rows.append((measure, goal, "-", "not measured"))
            continue
        met = value <= bound if direction < 0 else value >= bound
        rows.append((measure, goal, show(value, form), "met" if met else "**not met**"))
    return rows
