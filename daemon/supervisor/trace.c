/*
 * coilctl trace.
 *
 * Purpose: whoever watches sees calls as they end, and workers as they start and die.  Calls do not pass through here: each
 * worker writes them into a memory of its own (proto/trace.h), which is there while it is wanted, and which coilctl is
 * handed and reads by itself.  Workers write while there is anybody who watches, and the first connection to ask is
 * answered only when all of them do, so that nothing is missed from then on.
 *
 *     coilctl                 supervisor                 workers
 *        | trace                 |                          |
 *        |---------------------->| watch(memory)            |
 *        |                       |------------------------->|
 *        |                       |<-------------------------| done
 *        | traced(memory)  done  |                          |
 *        |<----------------------|                          |
 *        :                       :  a worker is ready       :
 *        | traced(memory)        | watch(memory), done      |
 *        |<----------------------|<------------------------>|
 *        | report, untraced      |  a worker dies           x
 *        |<----------------------|
 *
 * Calls tell who uses what, so only root and the daemon's own user may watch, which client.c sees to.
 *
 * Called by client.c, worker.c and death.c, main thread.
 */
#include "daemon/supervisor/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "daemon/supervisor/client.h"
#include "daemon/supervisor/log.h"
#include "daemon/supervisor/memory.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/worker.h"
#include "proto/cleanup.h"
#include "proto/trace.h"

static bool is_watching(const struct coil_client *client)
{
    return client->step == COIL_CLIENT_TRACE && !client->closing;
}

static bool has_watchers(const struct coil_server *server)
{
    const struct coil_client *client;

    TAILQ_FOREACH(client, &server->clients, link)
    {
        if (is_watching(client))
            return true;
    }
    return false;
}

/* ---- what watchers are told ---- */

static void say_to_all(const struct coil_server *server, struct coil_message *message, int fd)
{
    struct coil_client *client, *next;

    for (client = TAILQ_FIRST(&server->clients); client; client = next) {
        next = TAILQ_NEXT(client, link); /* one that cannot be told anything is closed */
        if (is_watching(client))
            coil_client_say_with(client, message, fd < 0 ? NULL : &fd);
    }
}

void coil_trace_log(const struct coil_server *server, const char *format, ...)
{
    char text[COIL_ERROR_TEXT_MAX + 1024];
    struct coil_message message = { .type = COIL_MESSAGE_REPORT, .text = text };
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    coil_log("%s", text);
    say_to_all(server, &message, -1);
}

static struct coil_message traced(const struct coil_worker *worker)
{
    return (struct coil_message){ .type = COIL_MESSAGE_TRACED,
                                  .generation = worker->generation,
                                  .pid = (uint64_t)worker->pid };
}

/* Those who wait for the beginning have it, if no worker is still to say that it shows its calls. */
static void begin_if_all_show(struct coil_server *server)
{
    const struct coil_environment *environment;
    const struct coil_worker *worker;
    struct coil_client *client, *next;

    TAILQ_FOREACH(environment, &server->environments, link)
    {
        TAILQ_FOREACH(worker, &environment->workers, link)
        {
            if (worker->watch_told.list)
                return;
        }
    }
    for (client = TAILQ_FIRST(&server->clients); client; client = next) {
        struct coil_message done = { .type = COIL_MESSAGE_DONE };

        next = TAILQ_NEXT(client, link);
        if (is_watching(client) && !client->trace_began) {
            client->trace_began = true;
            coil_client_say(client, &done);
        }
    }
}

/* ---- workers ---- */

static void answered(struct coil_await *await, const struct coil_message *answer)
{
    struct coil_worker *worker =
        (struct coil_worker *)(void *)((char *)await - offsetof(struct coil_worker, watch_told));
    struct coil_message message = traced(worker);

    if (answer && answer->type == COIL_MESSAGE_DONE) {
        worker->is_watched = true;
        say_to_all(worker->server, &message, worker->trace);
    } else if (answer) {
        coil_trace_log(worker->server, "worker generation %llu (pid %d) does not show its calls: %s",
                       (unsigned long long)worker->generation, (int)worker->pid, answer->text);
    }
    begin_if_all_show(worker->server);
}

/* What will be written has its memory now, so that full memory is no SIGBUS in the worker later. */
static int make_memory(struct coil_worker *worker, struct coil_error *error)
{
    COIL_CLEANUP(coil_fd_close) int fd = -1;
    int r = coil_memory_make("coil-trace", sizeof(struct coil_trace), "showing calls", &fd, error);

    if (r < 0)
        return r;
    if (fallocate(fd, 0, 0, (off_t)sizeof(struct coil_trace)) < 0)
        return coil_error_set(error, -errno, "no memory for showing calls: %s", strerror(errno));
    worker->trace = coil_steal_fd(&fd);
    return 0;
}

static void watch(struct coil_worker *worker)
{
    struct coil_message message = { .type = COIL_MESSAGE_WATCH };
    struct coil_error error;

    if (worker->is_watched || worker->watch_told.list)
        return;
    if (worker->trace < 0 && make_memory(worker, &error) < 0) {
        coil_trace_log(worker->server, "worker generation %llu (pid %d) does not show its calls: %s",
                       (unsigned long long)worker->generation, (int)worker->pid, error.text);
        return;
    }
    coil_worker_ask(worker, &message, &worker->trace, &worker->watch_told, answered);
}

static bool can_show(const struct coil_worker *worker)
{
    return worker->state == COIL_WORKER_READY || (worker->state == COIL_WORKER_LEAVING && worker->was_ready);
}

void coil_trace_worker_ready(struct coil_worker *worker)
{
    if (has_watchers(worker->server))
        watch(worker);
}

void coil_trace_worker_died(struct coil_worker *worker)
{
    struct coil_message message = { .type = COIL_MESSAGE_UNTRACED, .generation = worker->generation };

    if (worker->is_watched)
        say_to_all(worker->server, &message, -1);
    worker->is_watched = false;
    coil_fd_close(&worker->trace);
}

/* ---- watchers ---- */

void coil_trace_begin(struct coil_client *client)
{
    struct coil_server *server = client->server;
    const struct coil_log_about about = coil_client_about(client);
    struct coil_environment *environment;
    struct coil_worker *worker;

    coil_log_about(&about, "it watches calls");
    client->step = COIL_CLIENT_TRACE;
    TAILQ_FOREACH(environment, &server->environments, link)
    {
        TAILQ_FOREACH(worker, &environment->workers, link)
        {
            struct coil_message message = traced(worker);

            if (worker->is_watched)
                coil_client_say_with(client, &message, &worker->trace);
            else if (can_show(worker))
                watch(worker);
        }
    }
    begin_if_all_show(server);
}

void coil_trace_end(struct coil_server *server)
{
    struct coil_environment *environment;
    struct coil_worker *worker;

    if (has_watchers(server))
        return;
    TAILQ_FOREACH(environment, &server->environments, link)
    {
        TAILQ_FOREACH(worker, &environment->workers, link)
        {
            struct coil_message message = { .type = COIL_MESSAGE_UNWATCH };

            if (!worker->is_watched && !worker->watch_told.list)
                continue;
            coil_await_cancel(&worker->watch_told);
            worker->is_watched = false;
            coil_fd_close(&worker->trace);
            coil_worker_tell(worker, &message);
        }
    }
}
