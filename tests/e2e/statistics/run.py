"""What coilctl tells: counts that are exact, times that are plausible, totals that outlive workers, in all forms."""
import json
import subprocess
import time


def statistics(case):
    done = case.coilctl("status", "--json")
    case.check(done, None, "")
    return json.loads(done.stdout)


def module(case):
    found = [m for m in statistics(case)["modules"] if m["name"] == "counted"]
    case.equal(len(found), 1, "modules of this name")
    return found[0]


def metrics(case):
    text = case.coilctl("metrics").stdout
    case.expect(text.endswith("# EOF\n"), "the end is missing:\n" + text[-200:])
    try:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
    except ImportError:
        case.note("python3-prometheus-client is not there: the format is not checked by a parser")
        return text, None
    return text, {family.name: family for family in text_string_to_metric_families(text)}


def top(case):
    done = case.coilctl("top", "--once")
    case.check(done, None, "")
    case.matches(done.stdout, r"^coild \d+, up \d+ s: programs \d+, workers \d+ \(started \d+, died \d+\)\n\nMODULE ")
    case.matches(done.stdout, r"(?m)^counted +1 +\d+ +0 +0 +- +-$")
    # Without end, until it is interrupted or the daemon goes.
    process = case.popen("top", program=case.build + "/bin/coilctl")
    first = process.stdout.readline()
    case.matches(first.decode(), r"^coild \d+")
    process.terminate()
    process.communicate()


def run(case):
    case.check(case.run("work", 0, 1000, "work", -1, 3, "note", 500), "", None)
    counted = case.wait_for(lambda: (lambda m: m["calls"] == 1503 and m)(module(case)), "all calls are counted")
    case.equal(counted["errors"], 3, "errors")
    case.equal(counted["workers"], 1, "workers of the module")
    latency = counted["latency_ns"]
    case.expect(0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["p99.9"], "latencies: %r" % latency)

    # Slow ones are seen, in the right place: nine of ten calls from here on.
    case.check(case.run("work", 20, 40), "", "")
    before, counted = counted, module(case)
    case.equal(counted["calls"], 1543, "calls")
    case.expect(counted["total_ns"] - before["total_ns"] >= 0.9 * 40 * 20e6, "time: %r, before %r" % (counted, before))
    case.expect(17e6 < counted["latency_ns"]["p99.9"] < 20e9, "the slowest: %r" % counted)
    text = case.coilctl("status").stdout
    case.matches(text, r"(?m)^module counted: calls 1543, errors 3, half within [\d.e+]+ (ns|us|ms), 99% within ")
    case.matches(text, r"(?m)^up: \d+ s, workers started 1, died 0$")

    # The worker's death takes nothing away.
    case.crashes = True
    case.check(case.run("work", 9999, 1, "work", 0, 10), "", None)
    case.wait_for(lambda: module(case)["calls"] == 1553, "calls of both workers")
    now = statistics(case)
    case.equal((now["workers_started"], now["workers_died"], len(now["workers"])), (2, 1, 1), "started, died, alive")

    # A program that is there.
    program = case.popen("work", 0, 1, "wait", stdin=subprocess.PIPE)
    case.equal(program.stdout.readline(), b"waiting\n", "the program")
    def only_program():
        worker = statistics(case)["workers"][0]
        return [s["pid"] for s in worker["sessions"]] == [program.pid] and worker

    worker = case.wait_for(only_program, "it is the only program")
    case.equal([(m["name"], m["state"]) for m in worker["modules"]], [("counted", "open")], "the worker's modules")
    case.equal((worker["state"], worker["private"], worker["programs"], worker["pid"]), ("ready", False, 1, case.worker()),
               "the worker")
    case.expect(worker["memory_bytes"] > 1 << 20, "memory: %r" % worker)
    program.stdin.write(b"\n")
    case.finish(program)

    text, families = metrics(case)
    case.matches(text, r'(?m)^coil_calls_total\{module="counted"\} 1554$')
    case.matches(text, r'(?m)^coil_call_errors_total\{module="counted"\} 3$')
    if families:
        names = {sample.name for family in families.values() for sample in family.samples}
        for name in ("coil_build_info", "coil_workers_died_total", "coil_worker_memory_bytes", "coil_call_duration_seconds_bucket"):
            case.expect(name in names, name + " is missing")
        buckets = [s for s in families["coil_call_duration_seconds"].samples if s.name.endswith("_bucket")]
        case.equal([s.value for s in buckets], sorted(s.value for s in buckets), "the buckets add up")
        case.expect(0 <= 1554 - buckets[-1].value < 128, "%r calls of 1554 are in the histogram" % buckets[-1].value)
    top(case)
    case.equal(case.coilctl("status", "--xml").status, 2, "status of coilctl status --xml")
    # A name that readers of these formats have to be protected from is tests/unit/supervisor_escape.c's affair.
