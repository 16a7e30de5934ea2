/*
 * Spares: private workers that are started before their programs.
 *
 * Purpose: a program with a worker of its own would wait at each start for Python's.  So when one has got its worker,
 * another one is started for the next: with the same Python and the same variables, because those decide what Python
 * reads and does while it starts.  It has run no module's code.  A program takes it if its own variables are the same,
 * but for those that change all the time without meaning anything; the worker is told these and the program's folder
 * then (`adopt`), and refuses if what it has read has changed since, so the program cannot tell it from a fresh one.
 *
 * There is one spare at most, for the last program that might be followed by one like it.  It leaves like any
 * worker that nobody uses, and on a reload; none is kept if no unused workers are wanted at all.
 *
 *     coil_spare_want() --> DELAYED --> STARTING --> READY      in an environment of its own
 *                                          |           |
 *                                          +-----------+------> coil_spare_take(): in the program's
 *
 * Called by attach.c and reload.c, main thread.
 */
#include "daemon/supervisor/spare.h"

#include "daemon/supervisor/log.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/worker.h"
#include "proto/fault.h"

#define DELAY_MS 100 /* the program that has just attached runs its init code now, and comes first */

/* That can be told so; NULL: there is none. */
static struct coil_worker *find_spare(struct coil_environment *environment)
{
    struct coil_worker *worker = environment->is_spare ? TAILQ_FIRST(&environment->workers) : NULL;

    while (worker) {
        struct coil_worker *next = TAILQ_NEXT(worker, link); /* one that is found dead leaves the list */

        if (coil_worker_is_usable(worker))
            return worker;
        worker = next;
    }
    return NULL;
}

void coil_spare_retire(struct coil_environment *environment, const char *why)
{
    struct coil_worker *worker;

    while ((worker = find_spare(environment)))
        coil_worker_retire(worker, why);
}

void coil_spare_want(struct coil_server *server, const struct coil_environment *environment)
{
    struct coil_environment *other, *mine;
    struct coil_worker *worker;

    if (!environment->private_to || server->unused_workers == 0 || server->stopping)
        return;
    TAILQ_FOREACH(other, &server->environments, link)
    {
        if (find_spare(other) && coil_environment_is_like(other, environment))
            return;
        coil_spare_retire(other, "the last program was another one");
    }
    if (coil_environment_spare_new(&server->environments, environment, &mine) < 0)
        return; /* the next program waits for its own */
    mine->restart.not_before_ms = uv_now(&server->loop) + DELAY_MS;
    mine->unused_ms = uv_now(&server->loop);
    if (coil_worker_new(server, mine, &worker) == 0)
        worker->is_spare = true;
}

struct coil_worker *coil_spare_take(struct coil_server *server, struct coil_environment *environment)
{
    struct coil_environment *other;
    struct coil_worker *worker = NULL;

    if (!environment->private_to)
        return NULL;
    TAILQ_FOREACH(other, &server->environments, link)
    {
        worker = find_spare(other);
        if (worker && worker->state >= COIL_WORKER_STARTING && coil_environment_is_like(other, environment))
            break;
    }
    if (!other)
        return NULL;
    COIL_FAULT("spare.taken");
    coil_environment_use(environment);
    coil_environment_unuse(other, uv_now(&server->loop));
    TAILQ_REMOVE(&other->workers, worker, link);
    TAILQ_INSERT_HEAD(&environment->workers, worker, link);
    worker->environment = environment;
    coil_log("worker generation %llu (pid %d) is a program's now", (unsigned long long)worker->generation,
             (int)worker->pid);
    return worker;
}
