/*
 * The daemon's numbers in the OpenMetrics text format.
 *
 * Purpose: what collectors of metrics read, and nothing of it by hand: names, types and units stand here, in one place.
 * Counters are of the daemon's life, and never fall while it lives.  The histogram has one bucket for each power of
 * two of nanoseconds; those that coil keeps are finer (proto/tally.h).
 *
 * Called by statistics.c, main thread.
 */
#include "daemon/supervisor/metrics.h"

#include <string.h>

#include "daemon/supervisor/escape.h"
#include "daemon/supervisor/measure.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/tally.h"
#include "daemon/supervisor/worker.h"
#include "proto/version.h"

static void begin(FILE *out, const char *name, const char *type, const char *unit, const char *help)
{
    (void)fprintf(out, "# TYPE %s %s\n", name, type);
    if (unit)
        (void)fprintf(out, "# UNIT %s %s\n", name, unit);
    (void)fprintf(out, "# HELP %s %s\n", name, help);
}

static void one(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
    begin(out, name, type, NULL, help);
    (void)fprintf(out, "%s%s %llu\n", name, strcmp(type, "counter") == 0 ? "_total" : "", (unsigned long long)value);
}

static void of_modules(FILE *out, const struct coil_totals *totals, const char *name, const char *help,
                       uint64_t (*value)(const struct coil_total *))
{
    const struct coil_total *total;

    begin(out, name, "counter", NULL, help);
    TAILQ_FOREACH(total, totals, link)
    {
        (void)fprintf(out, "%s_total{module=", name);
        coil_escape_label(out, total->name);
        (void)fprintf(out, "} %llu\n", (unsigned long long)value(total));
    }
}

static uint64_t calls_of(const struct coil_total *total)
{
    return total->sum.calls;
}

static uint64_t errors_of(const struct coil_total *total)
{
    return total->sum.errors;
}

static void duration_line(FILE *out, const struct coil_total *total, const char *ending, const char *le)
{
    (void)fprintf(out, "coil_call_duration_seconds%s{module=", ending);
    coil_escape_label(out, total->name);
    (void)fprintf(out, "%s} ", le);
}

static void durations(FILE *out, const struct coil_total *total)
{
    uint64_t seen = 0;
    unsigned i = 0;

    for (unsigned bit = COIL_TALLY_FIRST_BIT; bit <= COIL_TALLY_LAST_BIT; bit++) {
        char le[48];

        while (i < COIL_TALLY_BUCKETS - 1 && coil_tally_begin(i + 1) <= UINT64_C(1) << bit)
            seen += total->sum.buckets[i++];
        (void)snprintf(le, sizeof le, ",le=\"%.9g\"", (double)(UINT64_C(1) << bit) / 1e9);
        duration_line(out, total, "_bucket", le);
        (void)fprintf(out, "%llu\n", (unsigned long long)seen);
    }
    seen += total->sum.buckets[COIL_TALLY_BUCKETS - 1];
    duration_line(out, total, "_bucket", ",le=\"+Inf\"");
    (void)fprintf(out, "%llu\n", (unsigned long long)seen);
    duration_line(out, total, "_count", "");
    (void)fprintf(out, "%llu\n", (unsigned long long)seen);
    duration_line(out, total, "_sum", "");
    (void)fprintf(out, "%.9f\n", (double)total->sum.total_ns / 1e9);
}

static void of_workers(FILE *out, const struct coil_server *server, const char *name, const char *help,
                       uint64_t (*value)(const struct coil_worker *))
{
    const struct coil_environment *environment;
    const struct coil_worker *worker;

    begin(out, name, "gauge", "bytes", help);
    TAILQ_FOREACH(environment, &server->environments, link)
    {
        TAILQ_FOREACH(worker, &environment->workers, link)
        (void)fprintf(out, "%s{generation=\"%llu\"} %llu\n", name, (unsigned long long)worker->generation,
                      (unsigned long long)value(worker));
    }
}

void coil_metrics_write(FILE *out, const struct coil_server *server, const struct coil_totals *totals)
{
    const struct coil_total *total;

    begin(out, "coil_build", "info", NULL, "The version of the daemon.");
    (void)fputs("coil_build_info{version=", out);
    coil_escape_label(out, COIL_VERSION);
    (void)fputs("} 1\n", out);
    begin(out, "coil_uptime_seconds", "gauge", "seconds", "How long the daemon has been there.");
    (void)fprintf(out, "coil_uptime_seconds %.3f\n", (double)coil_measure_uptime_ms(server) / 1e3);
    one(out, "coil_programs", "gauge", "Programs that are attached, or about to be.", server->attached);
    one(out, "coil_workers", "gauge", "Workers that are there, or about to start.", server->workers);
    one(out, "coil_workers_started", "counter", "Workers that have been started.", server->workers_started);
    one(out, "coil_workers_died", "counter", "Workers that have ended without being told to.", server->workers_died);
    of_workers(out, server, "coil_worker_memory_bytes", "Memory that the worker has resident.", coil_measure_memory);
    of_workers(out, server, "coil_worker_heap_bytes", "Memory that Python shares with programs.", coil_measure_heap);
    of_modules(out, totals, "coil_calls", "Calls of the module's functions that have returned.", calls_of);
    of_modules(out, totals, "coil_call_errors", "Those that returned an error value.", errors_of);
    begin(out, "coil_call_duration_seconds", "histogram", "seconds", "How long calls took, in the worker.");
    TAILQ_FOREACH(total, totals, link)
    durations(out, total);
    (void)fputs("# EOF\n", out);
}
