/*
 * The daemon's report about itself.
 *
 * Purpose: what `coilctl status` prints.  The daemon writes the text, so that
 * coilctl of another version shows what this daemon has.
 *
 * Called by client.c, main thread.
 */
#include "daemon/supervisor/status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/supervisor/measure.h"
#include "daemon/supervisor/module.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/session.h"
#include "daemon/supervisor/worker.h"
#include "proto/version.h"

const char *coil_worker_state_name(const struct coil_worker *worker)
{
    switch (worker->state) {
    case COIL_WORKER_DELAYED:
        return "waits after crashes";
    case COIL_WORKER_STARTING:
        return "starting";
    case COIL_WORKER_READY:
        return worker->retired      ? "ready, takes no more programs"
               : worker->preparing  ? "ready, prepares to take over"
               : worker->superseded ? "ready, superseded"
                                    : "ready";
    case COIL_WORKER_LEAVING:
        return "leaving";
    case COIL_WORKER_DEAD:
        return "dead";
    }
    return "?";
}

/* "1.2 ms" */
static const char *duration(char text[24], uint64_t ns)
{
    static const char *const units[] = { "ns", "us", "ms", "s" };
    double number = (double)ns;
    unsigned i = 0;

    while (number >= 1000 && i < 3) {
        number /= 1000;
        i++;
    }
    (void)snprintf(text, 24, "%.3g %s", number, units[i]);
    return text;
}

/* What all workers together have done for a module, also those that are gone. */
static void write_module(FILE *out, const struct coil_total *total)
{
    const uint64_t *buckets = total->sum.buckets;
    char p50[24], p99[24], p999[24];

    (void)fprintf(out, "module %s: calls %llu, errors %llu", total->name, (unsigned long long)total->sum.calls,
                  (unsigned long long)total->sum.errors);
    if (total->sum.calls)
        (void)fprintf(out, ", half within %s, 99%% within %s, 99.9%% within %s",
                      duration(p50, coil_tally_quantile_ns(buckets, 500)),
                      duration(p99, coil_tally_quantile_ns(buckets, 990)),
                      duration(p999, coil_tally_quantile_ns(buckets, 999)));
    (void)fputc('\n', out);
}

static void write_modules(FILE *out, const struct coil_server *server)
{
    const struct coil_total *total;
    struct coil_totals totals;

    if (coil_totals_now(server, &totals) < 0)
        return;
    TAILQ_FOREACH(total, &totals, link)
    write_module(out, total);
    coil_totals_deinit(&totals);
}

static void write_worker(FILE *out, const struct coil_worker *worker)
{
    const struct coil_worker_module *module;
    const struct coil_session *session;
    unsigned sessions = 0;
    unsigned channels = 0;

    TAILQ_FOREACH(session, &worker->sessions, link)
    {
        sessions++;
        channels += session->channels;
    }
    (void)fprintf(out, "worker: generation %llu, pid %d, %s, sessions %u, channels %u, heap %llu KiB\n",
                  (unsigned long long)worker->generation, (int)worker->pid, coil_worker_state_name(worker), sessions,
                  channels, (unsigned long long)coil_measure_heap(worker) / 1024);
    (void)fprintf(
        out, "  age: %llu s, calls %llu, memory %llu KiB\n", (unsigned long long)coil_measure_age_ms(worker) / 1000,
        (unsigned long long)coil_measure_calls(worker), (unsigned long long)coil_measure_memory(worker) / 1024);
    if (worker->retired)
        (void)fprintf(out, "  retired: %s%s\n", worker->why_retired,
                      worker->is_forced ? "; programs have had their time to let go of it" : "");
    if (worker->moved)
        (void)fprintf(out, "  moved on: %llu sessions\n", (unsigned long long)worker->moved);
    (void)fprintf(out, "  python: %s\n", *worker->environment->python ? worker->environment->python : "as built");
    if (worker->is_spare)
        (void)fputs("  spare: for the next program that has a worker of its own\n", out);
    else if (worker->environment->private_to)
        (void)fprintf(out, "  private, in %s\n", worker->environment->cwd);
    for (char **entry = worker->environment->entries; *entry; entry++)
        if (strncmp(*entry, "PYTHON", 6) == 0)
            (void)fprintf(out, "  environment: %s\n", *entry);
    TAILQ_FOREACH(module, &worker->modules, link)
    {
        if (!*module->name)
            continue; /* refused by the worker */
        (void)fprintf(out, "  module: %s ", module->name);
        for (unsigned i = 0; i < COIL_HASH_SIZE; i++)
            (void)fprintf(out, "%02x", module->hash[i]);
        (void)fprintf(out, "%s\n",
                      !module->loaded      ? ", loading"
                      : module->has_failed ? ", init code failed"
                      : module->is_open    ? ", open"
                                           : "");
    }
    TAILQ_FOREACH(session, &worker->sessions, link)
    (void)fprintf(out, "  session: %llu, program pid %d, channels %u%s%s%s\n", (unsigned long long)session->number,
                  (int)session->pid, session->channels, session->client ? "" : ", closing",
                  *session->stays ? ", stays: " : "", session->stays);
}

int coil_status_write(const struct coil_server *server, char **ret_text)
{
    const struct coil_environment *environment;
    const struct coil_worker *worker;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return -ENOMEM;
    (void)fprintf(out, "coild: pid %d, version %s, protocol %d\n", (int)getpid(), COIL_VERSION, COIL_PROTOCOL);
    (void)fprintf(out, "socket: %s\n", server->runtime->socket_path);
    if (server->log_path)
        (void)fprintf(out, "log: %s\n", server->log_path);
    (void)fprintf(out, "programs: %u, workers: %u, descriptors: %u\n", server->attached, server->workers,
                  server->store.count);
    (void)fprintf(out, "up: %llu s, workers started %llu, died %llu\n",
                  (unsigned long long)coil_measure_uptime_ms(server) / 1000,
                  (unsigned long long)server->workers_started, (unsigned long long)server->workers_died);
    TAILQ_FOREACH(environment, &server->environments, link)
    {
        TAILQ_FOREACH(worker, &environment->workers, link)
        write_worker(out, worker);
    }
    write_modules(out, server);
    if (fclose(out) != 0) {
        free(text);
        return -ENOMEM;
    }
    *ret_text = text;
    return 0;
}
