/*
 * Recycling.
 *
 * Purpose: Python code that leaks, or becomes slower and slower, can be lived with if its process is replaced now and
 * then.  It is the same as a reload of one worker: the next generation is ready before it takes over, programs follow
 * when nothing is lost by that, and the old one stays for those that hold something of it, however long that takes.  A
 * generation that cannot take over changes nothing; the next try is a minute later.
 *
 * A worker that nobody uses just leaves, and private ones belong to their programs.  Memory is not looked at
 * before a worker has existed for a while: if it needs more than the limit from the start, replacing it helps nobody.
 *
 * Off by default.  Called by server.c, main thread.
 */
#include "daemon/supervisor/recycle.h"

#include <stdio.h>

#include "daemon/supervisor/log.h"
#include "daemon/supervisor/measure.h"
#include "daemon/supervisor/move.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/succession.h"
#include "daemon/supervisor/worker.h"

#define AGAIN_MS 60000     /* after a generation that could not take over */
#define MEMORY_AGE_MS 3000 /* how old a worker is at least that is replaced for its memory */

static bool is_wanted(const struct coil_recycling *limits)
{
    return limits->calls || limits->memory || limits->age_ms;
}

/* Which limit it has passed, for people. */
static bool find_reason(const struct coil_worker *worker, char *text, size_t size)
{
    const struct coil_recycling *limits = &worker->server->recycling;
    uint64_t age_ms = coil_measure_age_ms(worker);
    uint64_t memory = limits->memory && age_ms >= MEMORY_AGE_MS ? coil_measure_memory(worker) : 0;
    uint64_t calls = limits->calls ? coil_measure_calls(worker) : 0;

    if (limits->calls && calls >= limits->calls)
        (void)snprintf(text, size, "it has served %llu calls", (unsigned long long)calls);
    else if (limits->memory && memory >= limits->memory)
        (void)snprintf(text, size, "it has %llu MiB of memory", (unsigned long long)memory >> 20);
    else if (limits->age_ms && age_ms >= limits->age_ms)
        (void)snprintf(text, size, "it is %llu seconds old", (unsigned long long)age_ms / 1000);
    else
        return false;
    return true;
}

static void ended(struct coil_succession *succession, struct coil_worker *old, const char *failure)
{
    unsigned long long generation = succession->worker->generation;
    char why[160];

    if (failure) {
        coil_log("recycling: generation %llu (%s) cannot take over from generation %llu, which goes on: %s", generation,
                 coil_succession_python(succession), (unsigned long long)succession->old_generation, failure);
        if (old)
            old->recycle_not_before_ms = uv_now(&succession->server->loop) + AGAIN_MS;
        return;
    }
    coil_log("recycling: generation %llu (%s) takes over from generation %llu", generation,
             coil_succession_python(succession), (unsigned long long)succession->old_generation);
    if (!old)
        return;
    (void)snprintf(why, sizeof why, "recycled, because %s: generation %llu has taken over", old->recycled_because,
                   generation);
    coil_worker_retire(old, why);
    coil_moves_begin(old, 0);
}

static void recycle(struct coil_worker *worker)
{
    char why[160];

    coil_log("recycling: worker generation %llu (pid %d) is replaced: %s", (unsigned long long)worker->generation,
             (int)worker->pid, worker->recycled_because);
    if (worker->users > 0 && coil_succession_new(worker, false, ended) == 0)
        return;
    (void)snprintf(why, sizeof why, "recycled, because %s", worker->recycled_because);
    if (worker->users == 0)
        coil_worker_retire(worker, why);
}

bool coil_recycle_look(struct coil_server *server)
{
    struct coil_environment *environment;
    struct coil_worker *worker;
    struct coil_worker *next;

    if (!is_wanted(&server->recycling))
        return false;
    TAILQ_FOREACH(environment, &server->environments, link)
    {
        for (worker = TAILQ_FIRST(&environment->workers); worker; worker = next) {
            next = TAILQ_NEXT(worker, link); /* new ones come to the head, and one that is found dead leaves */
            if (environment->private_to || worker->state != COIL_WORKER_READY || !coil_worker_is_usable(worker) ||
                uv_now(&server->loop) < worker->recycle_not_before_ms || coil_succession_of(worker) ||
                !find_reason(worker, worker->recycled_because, sizeof worker->recycled_because))
                continue;
            recycle(worker);
        }
    }
    return true;
}
