"""A run's results as Markdown."""
from goals import goals, median

CALLS = [
    ("nothing", "no argument"),
    ("add", "`add(int, int)`"),
    ("text", "string of 16 bytes"),
    ("point", "struct of 32 bytes by pointer"),
    ("first_8", "`double[1]`"),
    ("first_1k", "`double[]`, 1 KiB"),
    ("first_64k", "64 KiB"),
    ("first_1m", "1 MiB"),
    ("first_64m", "64 MiB"),
    ("call_back", "callback: C, Python, C, Python, C"),
    ("asleep", "`add`, 3 ms after the last one"),
]


def number(ns):
    return "{:,.0f}".format(ns)


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def over_rounds(rows, key):
    return median([row[key] for row in rows])


def goals_table(results):
    return table(["measure", "goal", "seen", ""], goals(results))


def add_table(results, titles):
    rows = []
    base = results["cffi"]["add"]
    for name, title in titles.items():
        mine = results.get(name, {}).get("add")
        if not mine:
            continue
        p50 = [row["p50"] for row in mine]
        ratios = [median([a[key] / b[key] for a, b in zip(mine, base)]) for key in ("p50", "batch")]
        rows.append([title] + [number(over_rounds(mine, key)) for key in ("p50", "p99", "p999", "batch")] +
                    ["%s to %s" % (number(min(p50)), number(max(p50)))] + ["%.2f" % ratio for ratio in ratios])
    return table(["`int add(int, int)`, one thread", "p50 ns", "p99 ns", "p99.9 ns", "batch ns", "p50 over the rounds",
                  "p50 / CFFI's", "batch / CFFI's"], rows)


def calls_table(results, titles):
    """p50, and p99, p99.9 in small print, of every kind of work."""
    names = [name for name in titles if results.get(name)]
    rows = []
    for work, title in CALLS:
        cells = []
        for name in names:
            mine = results[name].get(work)
            cells.append("%s (%s, %s)" % tuple(number(over_rounds(mine, key)) for key in ("p50", "p99", "p999")) if mine else "-")
        rows.append([title] + cells)
    cells = []
    for name in names:
        mine = results[name].get("stream")
        cells.append("%s (sending %s)" % (number(over_rounds(mine, "each")), number(over_rounds(mine, "sending"))) if mine else "-")
    rows.append(["one-way stream, per call"] + cells)
    return table(["p50 ns (p99, p99.9)"] + [titles[name] for name in names], rows)


def copies(results):
    rows = results["coil_remote"]
    return "memcpy alone: " + ", ".join("%s %s ns" % (label, number(over_rounds(rows["copy_" + size], "p50"))) for size, label in (
        ("1k", "1 KiB"), ("64k", "64 KiB"), ("1m", "1 MiB"), ("64m", "64 MiB"))) + "."


def start_table(results, titles):
    titles = dict(titles, coil_cold="coil, remote, no daemon yet")
    base = {what: median(results[what]["cffi"]) for what in ("first", "program")}
    rows = []
    for name, title in titles.items():
        if name not in results["first"]:
            continue
        cells = [title]
        for what in ("first", "program"):
            value = median(results[what][name])
            cells += ["%.2f" % (value / 1e6), "%.3f" % (value / base[what])]
        rows.append(cells)
    return table(["fresh process", "first call, ms", "/ CFFI's", "start, one call, exit: ms", "/ CFFI's"], rows)


def many_table(results, titles, what, head):
    of = results[what]
    names = [name for name in titles if name in of]
    keys = list(of["cffi"])
    rows = []
    for name in names:
        cells = [titles[name]]
        for key in keys:
            rate = median([row["rate"] for row in of[name][key]])
            ratio = median([a["rate"] / b["rate"] for a, b in zip(of[name][key], of["cffi"][key])])
            cells.append("%s (%.2f)" % (number(rate / 1000), ratio))
        rows.append(cells)
    return table([head] + [key.replace("x", " x ") for key in keys], rows)


def idle_text(results):
    idle = results["idle"]
    return ("%s idle programs of one thread each: daemon and worker used %.1f ms of CPU time in %.1f s (%.4f %% of one CPU); "
            "they have %.1f KiB of their own memory and %.1f KiB in shared memory for each." % (
                number(idle["clients"]), idle["cpu_ns"] / 1e6, idle["seconds"], idle["cpu_ns"] / 1e7 / idle["seconds"],
                idle["private"] / idle["clients"] / 1024, idle["memfd"] / idle["clients"] / 1024))


def stages_table(results):
    """A breakdown: its last line is what the steps leave unexplained."""
    step = {name: median(values) for name, values in results["stages"].items()}
    inprocess, remote = (over_rounds(results["calls"][name]["add"], "batch") for name in ("coil_inprocess", "coil_remote"))
    gil, ints, function = step["gil"], step["gil+ints"] - step["gil"], step["gil+ints+function"] - step["gil+ints"]
    own = inprocess - step["gil+ints+function"]
    rows = [["GIL taken and dropped", gil, 0], ["two ints made and freed", ints, ints],
            ["the function called, its result read", function, function], ["coil in the process: stub, frame, errno, converters", own, own],
            ["a cache line there and back", 0, step["line"]], ["ring records and frames in that line", 0, step["rings"] - step["line"]]]
    rows.append(["the rest", inprocess - sum(row[1] for row in rows), remote - sum(row[2] for row in rows)])
    rows.append(["`add`, batch", inprocess, remote])
    return table(["step", "in-process ns", "remote ns"], [[row[0], "%.0f" % row[1], "%.0f" % row[2]] for row in rows])


def page(results, plots):
    """The whole of docs/bench/latest.md."""
    titles = results["titles"]
    text = ["# The last `make bench`", "", "What is measured and how: [bench/README.md](../../bench/README.md).", "",
            "Machine: %s." % results["machine"], "", "Peers: %s." % results["versions"], ""]
    if results["options"]:
        text += [results["options"], ""]
    for name, why in results["left_out"].items():
        text += ["Left out: %s: %s" % (name, why.strip().splitlines()[0]), ""]
    text += ["## What is promised", ""] + goals_table(results)
    if "calls" in results:
        text += ["## One call", ""] + add_table(results["calls"], titles) + calls_table(results["calls"], titles)
        text += [copies(results["calls"]), ""]
    if "first" in results:
        text += ["## The first call, and whole programs", ""] + start_table(results, titles)
    if "threads" in results:
        text += ["## Many at once", "", "Thousand calls of `add` a second (beside CFFI's).", ""]
        text += many_table(results, titles, "threads", "threads of one program")
        text += many_table(results, titles, "processes", "threads x programs")
    if "idle" in results:
        text += ["## Idle clients", "", idle_text(results), ""]
    if "stages" in results and "calls" in results:
        text += ["## Where the time goes", "", "See [PERFORMANCE.md](../PERFORMANCE.md).", ""] + stages_table(results)
    for name, title in plots:
        text += ["![%s](%s)" % (title, name), ""]
    return "\n".join(text)
