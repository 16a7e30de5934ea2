/*
 * The watchdog's other end.
 *
 * Purpose: a service manager restarts a daemon that gives no sign of life.  A thread that does nothing but send
 * them would prove nothing, so they come from the event loop, twice in the time that is given, and only while the loop
 * does its work: it listens, it has noticed each dead worker since the sign before, and no worker is in a state that
 * nothing will end.  What a worker does is its own affair: one that hangs is replaced, and is no reason to
 * restart everything.
 *
 * Called by server.c, main thread.
 */
#include "daemon/supervisor/health.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>

#include "daemon/supervisor/log.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/worker.h"
#include "proto/poll.h"

static int check_worker(struct coil_worker *worker, struct coil_error *error)
{
    bool is_dead = worker->state < COIL_WORKER_DEAD && worker->pidfd >= 0 && coil_poll(worker->pidfd, POLLIN, 0) > 0;
    bool is_endless = (worker->state <= COIL_WORKER_STARTING || worker->state == COIL_WORKER_LEAVING) &&
                      !uv_is_active((const uv_handle_t *)&worker->timer);
    bool was_suspect = worker->is_suspect;

    worker->is_suspect = is_dead || is_endless;
    if (!worker->is_suspect || !was_suspect)
        return 0;
    return coil_error_set(error, -EIO, "worker generation %llu (pid %d) %s", (unsigned long long)worker->generation,
                          (int)worker->pid,
                          is_dead ? "is dead, and nobody has noticed" : "starts or leaves, and nothing will end that");
}

int coil_health_check(struct coil_server *server, struct coil_error *error)
{
    struct coil_environment *environment;
    struct coil_worker *worker;

    if (!server->stopping && !uv_is_active((const uv_handle_t *)&server->listener) &&
        !uv_is_active((const uv_handle_t *)&server->accept_timer))
        return coil_error_set(error, -EIO, "nobody listens at %s any more", server->runtime->socket_path);
    TAILQ_FOREACH(environment, &server->environments, link)
    {
        TAILQ_FOREACH(worker, &environment->workers, link)
        {
            int r = check_worker(worker, error);

            if (r < 0)
                return r;
        }
    }
    return 0;
}

static void on_watchdog(uv_timer_t *timer)
{
    struct coil_server *server = timer->data;
    struct coil_error error;

    if (coil_health_check(server, &error) < 0)
        coil_log("gives no sign of life to its service manager: %s", error.text);
    else
        coil_notify_send(&server->notify, "WATCHDOG=1");
}

void coil_health_begin(struct coil_server *server)
{
    uint64_t period_ms = (server->notify.watchdog_ms + 1) / 2;

    (void)uv_timer_init(&server->loop, &server->watchdog_timer);
    server->watchdog_timer.data = server;
    if (period_ms)
        (void)uv_timer_start(&server->watchdog_timer, on_watchdog, period_ms, period_ms);
}

void coil_health_end(struct coil_server *server)
{
    if (!uv_is_closing((uv_handle_t *)&server->watchdog_timer))
        uv_close((uv_handle_t *)&server->watchdog_timer, NULL);
}
