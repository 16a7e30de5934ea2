/*
 * Programs follow to a newer generation.
 *
 * Purpose: a program that runs for months would otherwise keep the Python that it began with, and with it everything
 * that a reload or recycling was to get rid of.  So each session of a retired worker is asked to move: the worker
 * ends it between two calls, unless something would be lost (daemon/worker/move.c), and then says what.  The connection
 * is closed after that, which is all that a client has to know: it attaches anew with its next call.
 *
 * A session that stays is asked again, after a second, two, four, up to a minute: each time, calls of its other
 * threads may have to wait for a moment.  After a reload there is a bound: then sessions end as they do when the
 * daemon stops, and what the program still has of the old generation is stale.
 *
 * Nobody moves to a worker that does not have open what they use: old code that runs is better than new code that may
 * not.
 *
 * While a session is asked, nothing is read from its connection, so that what the program wants meanwhile is not lost
 * if it stays.
 *
 * Called by reload.c, recycle.c, server.c, session.c and client.c; main thread.
 */
#include "daemon/supervisor/move.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "daemon/supervisor/client.h"
#include "daemon/supervisor/log.h"
#include "daemon/supervisor/module.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/session.h"
#include "daemon/supervisor/worker.h"

#define AGAIN_FIRST_MS 1000u
#define AGAIN_MAX_MS 60000u
#define FORCED_MS 5000 /* for calls that run when the bound has passed */

/* Has the other one open what this one has? */
static bool can_replace(struct coil_worker *other, const struct coil_worker *worker)
{
    const struct coil_worker_module *module, *same;

    if (other == worker || other->state != COIL_WORKER_READY || !coil_worker_is_usable(other))
        return false;
    TAILQ_FOREACH(module, &worker->modules, link)
    {
        if (!module->is_open)
            continue;
        same = coil_worker_module_find(other, module->name);
        if (!same || !same->is_open || memcmp(same->hash, module->hash, COIL_HASH_SIZE) != 0)
            return false;
    }
    return true;
}

static bool has_successor(struct coil_worker *worker)
{
    struct coil_worker *other = TAILQ_FIRST(&worker->environment->workers);

    while (other) {
        struct coil_worker *next = TAILQ_NEXT(other, link); /* one that is found dead leaves the list */

        if (can_replace(other, worker))
            return true;
        other = next;
    }
    return false;
}

static void answered(struct coil_await *await, const struct coil_message *answer)
{
    struct coil_session *session =
        (struct coil_session *)(void *)((char *)await - offsetof(struct coil_session, close));
    struct coil_client *client = session->client;
    uint64_t now_ms = uv_now(&session->worker->server->loop);
    uint64_t wait_ms = session->tries < 8 ? (uint64_t)AGAIN_FIRST_MS << session->tries : AGAIN_MAX_MS;

    session->moving = false;
    if (answer && answer->type == COIL_MESSAGE_FAILED) {
        (void)snprintf(session->stays, sizeof session->stays, "%s", answer->text);
        session->tries++;
        session->ask_again_ms = now_ms + (wait_ms < AGAIN_MAX_MS ? wait_ms : AGAIN_MAX_MS);
        coil_client_resume(client);
        return;
    }
    session->worker->moved++;
    client->session = NULL;
    coil_session_free(session);
    coil_client_close(client);
}

static void ask(struct coil_session *session)
{
    struct coil_message message = { .type = COIL_MESSAGE_MOVE, .session = session->number };

    /* One that is in the middle of a request is asked the next time. */
    if (!session->client || session->draining || session->moving || !coil_client_pause(session->client))
        return;
    session->moving = true;
    coil_worker_ask(session->worker, &message, NULL, &session->close, answered);
}

void coil_move_forget(struct coil_session *session)
{
    if (!session->moving)
        return;
    session->moving = false;
    coil_await_cancel(&session->close);
    if (session->client)
        coil_client_resume(session->client);
}

/* The bound has passed. */
static void force(struct coil_worker *worker, uint64_t now_ms)
{
    struct coil_session *session;
    struct coil_session *next;

    if (!worker->is_forced) {
        worker->is_forced = true;
        coil_log("worker generation %llu (pid %d) is ended: programs have had their time to let go of it",
                 (unsigned long long)worker->generation, (int)worker->pid);
    }
    for (session = TAILQ_FIRST(&worker->sessions); session; session = next) {
        next = TAILQ_NEXT(session, link);
        coil_session_drain(session);
    }
    if (now_ms >= worker->end_ms + FORCED_MS)
        coil_worker_leave(worker);
}

/* False: there is nothing to do for it. */
static bool look_at(struct coil_worker *worker, uint64_t now_ms)
{
    struct coil_session *session;
    struct coil_session *next;

    if (!worker->moves || worker->state != COIL_WORKER_READY)
        return false;
    if (!has_successor(worker))
        return true;
    if (worker->end_ms && now_ms >= worker->end_ms) {
        force(worker, now_ms);
        return true;
    }
    for (session = TAILQ_FIRST(&worker->sessions); session; session = next) {
        next = TAILQ_NEXT(session, link);
        if (now_ms >= session->ask_again_ms)
            ask(session);
    }
    return true;
}

void coil_moves_begin(struct coil_worker *worker, uint64_t bound_ms)
{
    uint64_t now_ms = uv_now(&worker->server->loop);

    worker->moves = true;
    worker->end_ms = bound_ms ? now_ms + bound_ms : 0;
    (void)look_at(worker, now_ms);
    coil_server_look(worker->server);
}

bool coil_moves_look(struct coil_server *server)
{
    struct coil_environment *environment;
    struct coil_worker *worker;
    struct coil_worker *next;
    bool more = false;

    TAILQ_FOREACH(environment, &server->environments, link)
    {
        for (worker = TAILQ_FIRST(&environment->workers); worker; worker = next) {
            next = TAILQ_NEXT(worker, link);
            more = look_at(worker, uv_now(&server->loop)) || more;
        }
    }
    return more;
}
