"""A run's results as pictures, drawn by matplotlib: apart from measuring, and left out where that is missing."""
import os

from goals import median

PACKAGES = ["python3-matplotlib"]
SIZES = [("first_8", 8), ("first_1k", 1 << 10), ("first_64k", 1 << 16), ("first_1m", 1 << 20), ("first_64m", 1 << 26)]


def figure(pyplot, x_label, y_label):
    drawn, axes = pyplot.subplots(figsize=(9, 5.5))
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.set_xscale("log")
    axes.grid(True, which="major", alpha=0.3)
    return drawn, axes


def save(pyplot, drawn, axes, folder, name):
    axes.legend(fontsize=8)
    drawn.tight_layout()
    drawn.savefig(os.path.join(folder, name), metadata={"Date": None})
    pyplot.close(drawn)


def distribution(pyplot, results, titles, folder):
    """Of all single calls of all rounds: which part took longer than so long."""
    drawn, axes = figure(pyplot, "ns", "part of the calls of add() that took longer")
    axes.set_yscale("log")
    axes.set_ylim(1e-4, 1.1)
    for name, title in titles.items():
        buckets = {}
        for row in results["calls"].get(name, {}).get("add", []):
            for bucket, count in row["histogram"]:
                buckets[bucket] = buckets.get(bucket, 0) + count
        if not buckets:
            continue
        total = left = sum(buckets.values())
        x, y = [], []
        for bucket in sorted(buckets):
            x.append(2 ** (bucket / 16))
            y.append(left / total)
            left -= buckets[bucket]
        axes.step(x + [2 ** ((max(buckets) + 1) / 16)], y + [0], where="post", label=title)
    save(pyplot, drawn, axes, folder, "latency.svg")


def payload(pyplot, results, titles, folder):
    drawn, axes = figure(pyplot, "bytes of double[]", "p50 ns")
    axes.set_yscale("log")
    for name, title in titles.items():
        rows = results["calls"].get(name, {})
        points = [(size, median([row["p50"] for row in rows[work]])) for work, size in SIZES if work in rows]
        if points:
            axes.plot(*zip(*points), marker="o", markersize=3, label=title)
    copies = results["calls"]["coil_remote"]
    axes.plot([size for _, size in SIZES[1:]],
              [median([row["p50"] for row in copies[work.replace("first", "copy")]]) for work, _ in SIZES[1:]],
              "k--", linewidth=1, label="memcpy")
    save(pyplot, drawn, axes, folder, "payload.svg")


def throughput(pyplot, results, titles, folder):
    for what, label, name in (("threads", "threads of one program", "threads.svg"),
                              ("processes", "programs of one thread", "clients.svg")):
        drawn, axes = figure(pyplot, label, "calls of add() a second")
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        for peer, title in titles.items():
            of = results[what].get(peer)
            if not of:
                continue
            points = [(1, median([row["rate"] for row in results["threads"][peer]["1"]]))] if what == "processes" else []
            for key, rows in of.items():
                threads, _, count = key.partition("x")
                if not count or threads == "1":
                    points.append((int(count or threads), median([row["rate"] for row in rows])))
            axes.plot(*zip(*points), marker="o", markersize=3, label=title)
        save(pyplot, drawn, axes, folder, name)


def draw(results, folder):
    """[(file, title)] of what could be drawn."""
    try:
        import matplotlib
        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError as error:
        print("no plots: %s (python3-matplotlib draws them)" % error, flush=True)
        return []
    matplotlib.rcParams["svg.hashsalt"] = "coil"
    titles, made = results["titles"], []
    if "calls" in results:
        distribution(pyplot, results, titles, folder)
        payload(pyplot, results, titles, folder)
        made += [("latency.svg", "How long single calls take"), ("payload.svg", "What a call with an array costs")]
    if "threads" in results:
        throughput(pyplot, results, titles, folder)
        made += [("threads.svg", "Calls a second over threads"), ("clients.svg", "Calls a second over programs")]
    return made
