/*
 * The daemon's report about itself, for programs.
 *
 * Purpose: the same as status.c says to people, as JSON, and as the lines that coilctl top shows.  Fields are only ever
 * added (docs/OPERATION.md has them); numbers are in the unit of their name.
 *
 *     daemon <tab> pid <tab> seconds <tab> programs <tab> workers <tab> started <tab> died
 *     worker <tab> generation <tab> pid <tab> state <tab> programs <tab> calls <tab> memory <tab> heap
 *     module <tab> name <tab> workers <tab> calls <tab> errors <tab> bucket:calls ... as far as they are not zero
 *
 * Called by client.c, main thread.
 */
#include "daemon/supervisor/statistics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/supervisor/escape.h"
#include "daemon/supervisor/measure.h"
#include "daemon/supervisor/metrics.h"
#include "daemon/supervisor/module.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/session.h"
#include "daemon/supervisor/tally.h"
#include "daemon/supervisor/worker.h"
#include "proto/version.h"

/* ---- what there is of a worker ---- */

static unsigned count_programs(const struct coil_worker *worker)
{
    const struct coil_session *session;
    unsigned count = 0;

    TAILQ_FOREACH(session, &worker->sessions, link)
    count += session->client != NULL;
    return count;
}

static const char *module_state(const struct coil_worker_module *module)
{
    return !module->loaded ? "loading" : module->has_failed ? "failed" : module->is_open ? "open" : "loaded";
}

/* ---- JSON ---- */

static void key(FILE *out, const char *name)
{
    (void)fprintf(out, "\"%s\": ", name);
}

static void text_field(FILE *out, const char *name, const char *text)
{
    key(out, name);
    if (text)
        coil_escape_json(out, text);
    else
        (void)fputs("null", out);
    (void)fputs(", ", out);
}

static void number_field(FILE *out, const char *name, uint64_t value)
{
    (void)fprintf(out, "\"%s\": %llu, ", name, (unsigned long long)value);
}

static void json_modules_of(FILE *out, const struct coil_worker *worker)
{
    const struct coil_worker_module *module;
    const char *separator = "";

    (void)fputs("\"modules\": [", out);
    TAILQ_FOREACH(module, &worker->modules, link)
    {
        if (!*module->name)
            continue; /* refused by the worker */
        (void)fprintf(out, "%s{", separator);
        text_field(out, "name", module->name);
        key(out, "hash");
        (void)fputc('"', out);
        for (unsigned i = 0; i < COIL_HASH_SIZE; i++)
            (void)fprintf(out, "%02x", module->hash[i]);
        (void)fprintf(out, "\", \"state\": \"%s\"}", module_state(module));
        separator = ", ";
    }
    (void)fputs("], ", out);
}

static void json_sessions_of(FILE *out, const struct coil_worker *worker)
{
    const struct coil_session *session;
    const char *separator = "";

    (void)fputs("\"sessions\": [", out);
    TAILQ_FOREACH(session, &worker->sessions, link)
    {
        (void)fprintf(out, "%s{", separator);
        number_field(out, "number", session->number);
        number_field(out, "pid", (uint64_t)session->pid);
        number_field(out, "channels", session->channels);
        text_field(out, "stays", *session->stays ? session->stays : NULL);
        (void)fprintf(out, "\"closing\": %s}", session->client ? "false" : "true");
        separator = ", ";
    }
    (void)fputs("]", out);
}

static void json_worker(FILE *out, const struct coil_worker *worker, const char *separator)
{
    (void)fprintf(out, "%s\n    {", separator);
    number_field(out, "generation", worker->generation);
    number_field(out, "pid", (uint64_t)worker->pid);
    text_field(out, "state", coil_worker_state_name(worker));
    text_field(out, "retired", worker->retired ? worker->why_retired : NULL);
    text_field(out, "python", *worker->environment->python ? worker->environment->python : NULL);
    (void)fprintf(out, "\"private\": %s, ", worker->environment->private_to ? "true" : "false");
    number_field(out, "age_ms", coil_measure_age_ms(worker));
    number_field(out, "calls", coil_measure_calls(worker));
    number_field(out, "memory_bytes", coil_measure_memory(worker));
    number_field(out, "heap_bytes", coil_measure_heap(worker));
    number_field(out, "programs", count_programs(worker));
    json_modules_of(out, worker);
    json_sessions_of(out, worker);
    (void)fputs("}", out);
}

static void json_module(FILE *out, const struct coil_total *total, const char *separator)
{
    const struct coil_tally_sum *sum = &total->sum;

    (void)fprintf(out, "%s\n    {", separator);
    text_field(out, "name", total->name);
    number_field(out, "workers", total->workers);
    number_field(out, "calls", sum->calls);
    number_field(out, "errors", sum->errors);
    number_field(out, "total_ns", sum->total_ns);
    (void)fprintf(out, "\"latency_ns\": {\"p50\": %llu, \"p90\": %llu, \"p99\": %llu, \"p99.9\": %llu}}",
                  (unsigned long long)coil_tally_quantile_ns(sum->buckets, 500),
                  (unsigned long long)coil_tally_quantile_ns(sum->buckets, 900),
                  (unsigned long long)coil_tally_quantile_ns(sum->buckets, 990),
                  (unsigned long long)coil_tally_quantile_ns(sum->buckets, 999));
}

static void write_json(FILE *out, const struct coil_server *server, const struct coil_totals *totals)
{
    const struct coil_environment *environment;
    const struct coil_worker *worker;
    const struct coil_total *total;
    const char *separator = "";

    (void)fputs("{\n  ", out);
    text_field(out, "version", COIL_VERSION);
    number_field(out, "protocol", COIL_PROTOCOL);
    number_field(out, "pid", (uint64_t)getpid());
    text_field(out, "socket", server->runtime->socket_path);
    text_field(out, "log", server->log_path);
    number_field(out, "uptime_ms", coil_measure_uptime_ms(server));
    number_field(out, "programs", server->attached);
    number_field(out, "workers_started", server->workers_started);
    number_field(out, "workers_died", server->workers_died);
    (void)fputs("\n  \"workers\": [", out);
    TAILQ_FOREACH(environment, &server->environments,
                  link){ TAILQ_FOREACH(worker, &environment->workers, link){ json_worker(out, worker, separator);
    separator = ",";
}
}
(void)fputs("],\n  \"modules\": [", out);
separator = "";
TAILQ_FOREACH(total, totals, link)
{
    json_module(out, total, separator);
    separator = ",";
}
(void)fputs("]\n}\n", out);
}

/* ---- the lines ---- */

static void table_module(FILE *out, const struct coil_total *total)
{
    (void)fputs("module\t", out);
    coil_escape_word(out, total->name);
    (void)fprintf(out, "\t%u\t%llu\t%llu\t", total->workers, (unsigned long long)total->sum.calls,
                  (unsigned long long)total->sum.errors);
    for (unsigned i = 0; i < COIL_TALLY_BUCKETS; i++) {
        if (total->sum.buckets[i])
            (void)fprintf(out, "%u:%llu ", i, (unsigned long long)total->sum.buckets[i]);
    }
    (void)fputc('\n', out);
}

static void write_table(FILE *out, const struct coil_server *server, const struct coil_totals *totals)
{
    const struct coil_environment *environment;
    const struct coil_worker *worker;
    const struct coil_total *total;

    (void)fprintf(out, "daemon\t%d\t%llu\t%u\t%u\t%llu\t%llu\n", (int)getpid(),
                  (unsigned long long)coil_measure_uptime_ms(server) / 1000, server->attached, server->workers,
                  (unsigned long long)server->workers_started, (unsigned long long)server->workers_died);
    TAILQ_FOREACH(environment, &server->environments, link)
    {
        TAILQ_FOREACH(worker, &environment->workers, link)
        (void)fprintf(out, "worker\t%llu\t%d\t%s\t%u\t%llu\t%llu\t%llu\n", (unsigned long long)worker->generation,
                      (int)worker->pid, coil_worker_state_name(worker), count_programs(worker),
                      (unsigned long long)coil_measure_calls(worker), (unsigned long long)coil_measure_memory(worker),
                      (unsigned long long)coil_measure_heap(worker));
    }
    TAILQ_FOREACH(total, totals, link)
    table_module(out, total);
}

/* ---- all of them ---- */

int coil_statistics_write(const struct coil_server *server, const char *form, char **ret_text)
{
    static const struct {
        const char *name;
        void (*write)(FILE *out, const struct coil_server *server, const struct coil_totals *totals);
    } forms[] = { { "json", write_json }, { "metrics", coil_metrics_write }, { "table", write_table } };
    struct coil_totals totals;
    char *text = NULL;
    size_t size, i = 0;
    FILE *out;
    int r;

    while (i < sizeof forms / sizeof *forms && strcmp(forms[i].name, form) != 0)
        i++;
    if (i == sizeof forms / sizeof *forms)
        return -EINVAL;
    r = coil_totals_now(server, &totals);
    if (r < 0)
        return r;
    out = open_memstream(&text, &size);
    if (out)
        forms[i].write(out, server, &totals);
    coil_totals_deinit(&totals);
    if (!out || fclose(out) != 0) {
        free(text);
        return -ENOMEM;
    }
    *ret_text = text;
    return 0;
}
