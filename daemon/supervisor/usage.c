/*
 * Who uses a worker, and when one that nobody uses leaves.
 *
 * Purpose: a warm interpreter is worth keeping, but not for ever, and not at all if no program will come to it.
 *
 *     its code is out of date, or nothing in it works   at once
 *     it is private, and its program has gone           at once
 *     another build of a module has taken its place     after a minute: the old build may be run again
 *     more than a few others are unused as well         when it is the one that has been for longest
 *     any other                                         after the daemon's idle time
 *
 * When the daemon stops, handlers whose programs have gone get a moment, since nobody waits for them but what they
 * do may matter; those of living programs have the daemon's bound (server.c).
 *
 * A worker always leaves by its timer, so that nothing ends under a caller.  Called by worker.c, attach.c, session.c,
 * reload.c and server.c, main thread.
 */
#include <stdio.h>

#include "daemon/supervisor/log.h"
#include "daemon/supervisor/module.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/session.h"
#include "daemon/supervisor/worker.h"

#define SUPERSEDED_IDLE_MS 60000
#define ABANDONED_MS 500
#define NEVER UINT64_MAX

static bool has_programs(const struct coil_worker *worker)
{
    const struct coil_session *session;

    TAILQ_FOREACH(session, &worker->sessions, link)
    {
        if (session->client)
            return true;
    }
    return false;
}

/* How long it stays as it is now. */
static uint64_t patience_ms(const struct coil_worker *worker)
{
    const struct coil_server *server = worker->server;

    if (worker->users > 0)
        return server->stopping && !has_programs(worker) ? ABANDONED_MS : NEVER;
    if (worker->retired || worker->environment->private_to || coil_worker_modules_all_failed(worker))
        return 0;
    if (worker->state != COIL_WORKER_READY)
        return NEVER;
    if (worker->superseded)
        return SUPERSEDED_IDLE_MS;
    return server->idle_timeout_ms ? server->idle_timeout_ms : NEVER;
}

bool coil_worker_is_unneeded(const struct coil_worker *worker)
{
    return worker->state <= COIL_WORKER_READY && patience_ms(worker) != NEVER;
}

void coil_worker_consider(struct coil_worker *worker)
{
    uint64_t left_ms = patience_ms(worker);

    if (worker->state > COIL_WORKER_READY)
        return;
    if (left_ms != NEVER)
        (void)uv_timer_start(&worker->timer, worker->timer.timer_cb, left_ms, 0);
    else if (worker->state == COIL_WORKER_READY)
        (void)uv_timer_stop(&worker->timer); /* before that, it means something else */
}

void coil_worker_hold(struct coil_worker *worker)
{
    worker->users++;
    coil_worker_consider(worker);
}

/* Does it wait for programs? */
static bool is_waiting(const struct coil_worker *worker)
{
    return worker->users == 0 && worker->state == COIL_WORKER_READY && !worker->retired &&
           !coil_environment_is_private(worker->environment);
}

/* Is it less of a loss than the other one?  What makes a worker worth keeping is that modules are open in it. */
static bool is_worth_less(const struct coil_worker *worker, const struct coil_worker *other)
{
    bool has_open = coil_succession_count_open(worker) > 0, other_has_open = coil_succession_count_open(other) > 0;

    return has_open != other_has_open ? other_has_open : worker->unused_ms < other->unused_ms;
}

/* If too many wait for programs, one leaves: in which nothing has run, or that has waited longest. */
static void limit_waiting(struct coil_server *server)
{
    struct coil_environment *environment;
    struct coil_worker *oldest = NULL;
    struct coil_worker *worker;
    unsigned count = 0;

    TAILQ_FOREACH(environment, &server->environments, link)
    {
        TAILQ_FOREACH(worker, &environment->workers, link)
        {
            if (!is_waiting(worker))
                continue;
            count++;
            if (!oldest || is_worth_less(worker, oldest))
                oldest = worker;
        }
    }
    if (count <= server->unused_workers)
        return;
    coil_log("worker generation %llu (pid %d) leaves: there are more than %u that no program uses",
             (unsigned long long)oldest->generation, (int)oldest->pid, server->unused_workers);
    coil_worker_retire(oldest, "others that no program uses have been used later");
}

void coil_worker_release(struct coil_worker *worker)
{
    worker->users--;
    coil_worker_consider(worker);
    if (!is_waiting(worker))
        return;
    worker->unused_ms = uv_now(&worker->server->loop);
    limit_waiting(worker->server);
}

void coil_worker_supersede(struct coil_worker *worker)
{
    worker->superseded = true;
    coil_worker_consider(worker);
}

void coil_worker_retire(struct coil_worker *worker, const char *why)
{
    if (!worker->retired)
        (void)snprintf(worker->why_retired, sizeof worker->why_retired, "%s", why);
    worker->retired = true;
    coil_worker_consider(worker);
}
