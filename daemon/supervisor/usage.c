/*
 * Who uses a worker, and when one that nobody uses leaves.
 *
 * Purpose: a warm interpreter is worth keeping, but not for ever, and not at all if no program will come to it.
 *
 *     its code is out of date, or nothing in it works   at once
 *     it is private, and its program has gone           at once
 *     another build of a module has taken its place     after a minute: the old build may be run again
 *     any other                                         after the daemon's idle time
 *
 * When the daemon stops, handlers whose programs have gone get a moment, since nobody waits for them but what they
 * do may matter; those of living programs have the daemon's bound (server.c).
 *
 * A worker always leaves by its timer, so that nothing ends under a caller.  Called by worker.c, attach.c, session.c,
 * reload.c and server.c, main thread.
 */
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

void coil_worker_release(struct coil_worker *worker)
{
    worker->users--;
    coil_worker_consider(worker);
}

void coil_worker_supersede(struct coil_worker *worker)
{
    worker->superseded = true;
    coil_worker_consider(worker);
}

void coil_worker_retire(struct coil_worker *worker)
{
    worker->retired = true;
    coil_worker_consider(worker);
}
