/*
 * What calls there have been.
 *
 * Purpose: workers count (proto/tally.h); here their numbers are read, with pread(), so that nothing a worker does to
 * its memory can hurt, and added up by module.  What a worker has counted outlives it, so that totals never fall.
 *
 * Names come from programs, so there is a bound to how many are remembered; what is beyond it counts as one.
 *
 * Called by worker.c (ends), status.c, statistics.c and metrics.c, main thread.
 */
#include "daemon/supervisor/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/supervisor/module.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/worker.h"

#define NAMES_MAX 1000
#define OTHERS "(others)"

static struct coil_total *find(struct coil_totals *totals, const char *name)
{
    struct coil_total *total;
    unsigned count = 0;

    TAILQ_FOREACH(total, totals, link)
    {
        if (strcmp(total->name, name) == 0)
            return total;
        count++;
    }
    if (count >= NAMES_MAX && strcmp(name, OTHERS) != 0)
        return find(totals, OTHERS);
    total = calloc(1, sizeof *total);
    if (total)
        total->name = strdup(name);
    if (!total || !total->name) {
        free(total);
        return NULL;
    }
    TAILQ_INSERT_TAIL(totals, total, link);
    return total;
}

static void add(struct coil_tally_sum *sum, const struct coil_tally_sum *more)
{
    sum->calls += more->calls;
    sum->errors += more->errors;
    sum->total_ns += more->total_ns;
    for (unsigned i = 0; i < COIL_TALLY_BUCKETS; i++)
        sum->buckets[i] += more->buckets[i];
}

/* What the worker says of one of its modules.  False: nothing. */
static bool read_tally(const struct coil_worker *worker, uint32_t slot, struct coil_tally_sum *ret_sum)
{
    struct coil_tally tally;

    if (worker->tallies < 0 || slot >= COIL_TALLY_SLOTS ||
        pread(worker->tallies, &tally, sizeof tally, (off_t)slot * COIL_TALLY_SIZE) != (ssize_t)sizeof tally)
        return false;
    ret_sum->calls = atomic_load_explicit(&tally.calls, memory_order_relaxed);
    ret_sum->errors = atomic_load_explicit(&tally.errors, memory_order_relaxed);
    ret_sum->total_ns = atomic_load_explicit(&tally.total_ns, memory_order_relaxed);
    for (unsigned i = 0; i < COIL_TALLY_BUCKETS; i++)
        ret_sum->buckets[i] = atomic_load_explicit(&tally.buckets[i], memory_order_relaxed);
    return true;
}

/* -ENOMEM: some are missing. */
static int add_worker(struct coil_totals *totals, const struct coil_worker *worker, bool is_alive)
{
    const struct coil_worker_module *module;
    struct coil_tally_sum sum;
    int r = 0;

    TAILQ_FOREACH(module, &worker->modules, link)
    {
        struct coil_total *total;

        if (!module->loaded || !*module->name || !read_tally(worker, module->slot, &sum))
            continue;
        total = find(totals, module->name);
        if (!total) {
            r = -ENOMEM;
            continue;
        }
        add(&total->sum, &sum);
        if (is_alive)
            total->workers++;
    }
    return r;
}

void coil_totals_keep(struct coil_totals *totals, const struct coil_worker *worker)
{
    (void)add_worker(totals, worker, false); /* without memory some are forgotten: they are numbers for people */
}

int coil_totals_now(const struct coil_server *server, struct coil_totals *ret_totals)
{
    const struct coil_environment *environment;
    const struct coil_worker *worker;
    const struct coil_total *gone;
    int r = 0;

    TAILQ_INIT(ret_totals);
    TAILQ_FOREACH(gone, &server->totals, link)
    {
        struct coil_total *total = find(ret_totals, gone->name);

        if (total)
            add(&total->sum, &gone->sum);
        else
            r = -ENOMEM;
    }
    TAILQ_FOREACH(environment, &server->environments, link)
    {
        TAILQ_FOREACH(worker, &environment->workers, link)
        {
            if (add_worker(ret_totals, worker, true) < 0)
                r = -ENOMEM;
        }
    }
    if (r < 0)
        coil_totals_deinit(ret_totals);
    return r;
}

void coil_totals_deinit(struct coil_totals *totals)
{
    struct coil_total *total;

    while ((total = TAILQ_FIRST(totals))) {
        TAILQ_REMOVE(totals, total, link);
        free(total->name);
        free(total);
    }
}
