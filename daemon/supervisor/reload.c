/*
 * Reloading.
 *
 * Purpose: Python reads its code once.  A reload starts a new generation for each worker that is in use, lets it load
 * and open what the old one has open, and only then lets it take the old one's place: new programs come to the
 * new one, and the old one serves those it has and leaves with the last.  A generation that does not come
 * that far is ended, and nothing has changed but the log; whoever asked is told.
 *
 *     succession:   start --> ready --> load, open  (each module) --> takes over
 *                      \         \          \
 *                       +---------+----------+--> cannot: the old one goes on
 *
 * What has failed in the old one as well does not count: a program whose module has never run is no reason to keep
 * everybody else's old code.
 *
 * Private workers stay as they are: no other program comes to them, and theirs relies on their state.
 *
 * A reload is also a new beginning for what was refused or given up after crashes.
 *
 * Called by client.c, server.c and worker.c's awaits, main thread.  The server owns the reload and its successions; a
 * succession holds its new worker, and knows its old one by number, since that may die meanwhile.
 */
#include "daemon/supervisor/reload.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/supervisor/blame.h"
#include "daemon/supervisor/client.h"
#include "daemon/supervisor/log.h"
#include "daemon/supervisor/module.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/worker.h"
#include "proto/cleanup.h"
#include "proto/fault.h"

#define TIMEOUT_MS 60000 /* for one new generation, from its start to its last module */

/* One new generation on its way. */
struct coil_succession {
    TAILQ_ENTRY(coil_succession) link;
    struct coil_server *server;
    struct coil_environment *environment;
    uint64_t old_generation;
    struct coil_worker *worker; /* the new one; held */
    struct coil_await await;
    uv_timer_t timer;
    size_t next; /* of the modules */
    bool opening;
    size_t module_count;
    struct coil_stored *modules[]; /* what the old one has open; references */
};

static void load_next(struct coil_succession *succession);

void coil_reloads_init(struct coil_reloads *reloads)
{
    *reloads = (struct coil_reloads){ 0 };
    TAILQ_INIT(&reloads->successions);
}

/* ---- what is said about it ---- */

/* One line for the log and for those who have asked. */
static void say(struct coil_server *server, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct coil_server *server, const char *format, ...)
{
    COIL_CLEANUP(coil_memory_free) char *line = NULL;
    COIL_CLEANUP(coil_memory_free) char *report = server->reloads.report;
    va_list arguments;
    int r;

    va_start(arguments, format);
    r = vasprintf(&line, format, arguments);
    va_end(arguments);
    if (r < 0) {
        line = NULL;
        report = NULL;
        return;
    }
    coil_log("reload: %s", line);
    if (asprintf(&server->reloads.report, "%s%s\n", report ? report : "", line) < 0)
        server->reloads.report = NULL;
}

static void answer(struct coil_client *client, const struct coil_reloads *reloads)
{
    struct coil_message message = { .type = COIL_MESSAGE_REPORT,
                                    .code = COIL_REFUSED_OTHER,
                                    .text = reloads->report ? reloads->report : "" };

    if (reloads->failures)
        message.type = COIL_MESSAGE_FAILED;
    coil_client_answer(client, &message, NULL);
}

static void finish(struct coil_server *server)
{
    struct coil_reloads *reloads = &server->reloads;
    struct coil_client *client = TAILQ_FIRST(&server->clients);

    while (client) {
        struct coil_client *next = TAILQ_NEXT(client, link);

        if (client->step == COIL_CLIENT_RELOAD && client->reload == reloads->begun)
            answer(client, reloads);
        client = next;
    }
    free(reloads->report);
    reloads->report = NULL;
    if (reloads->again && !server->stopping) {
        reloads->again = false;
        coil_reload_begin(server, NULL, "asked for meanwhile");
    }
}

/* ---- one succession ---- */

static const char *python_of(const struct coil_succession *succession)
{
    return *succession->environment->python ? succession->environment->python : "Python as built";
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* Lets go of everything, and ends the reload if this was the last. */
static void end(struct coil_succession *succession)
{
    struct coil_server *server = succession->server;

    coil_await_cancel(&succession->await);
    TAILQ_REMOVE(&server->reloads.successions, succession, link);
    if (succession->worker)
        coil_worker_release(succession->worker);
    for (size_t i = 0; i < succession->module_count; i++)
        coil_stored_unref(succession->modules[i]);
    uv_close((uv_handle_t *)&succession->timer, on_closed);
    if (TAILQ_EMPTY(&server->reloads.successions))
        finish(server);
}

static void give_up(struct coil_succession *succession, const char *why)
{
    succession->server->reloads.failures++;
    say(succession->server, "generation %llu (%s) cannot take over from generation %llu, which goes on: %s",
        (unsigned long long)succession->worker->generation, python_of(succession),
        (unsigned long long)succession->old_generation, why);
    coil_worker_retire(succession->worker);
    end(succession);
}

/* The same, because of the module that it was at. */
static void give_up_at_module(struct coil_succession *succession, const char *why)
{
    char text[COIL_ERROR_TEXT_MAX];

    (void)snprintf(text, sizeof text, "module \"%s\": %s",
                   coil_image_name(succession->modules[succession->next]->image), why);
    give_up(succession, text);
}

static void on_timeout(uv_timer_t *timer)
{
    char why[64];

    (void)snprintf(why, sizeof why, "it was not ready within %d s", TIMEOUT_MS / 1000);
    give_up(timer->data, why);
}

static struct coil_succession *succession_of(struct coil_await *await)
{
    return (struct coil_succession *)(void *)((char *)await - offsetof(struct coil_succession, await));
}

static void retire_old(struct coil_succession *succession)
{
    struct coil_worker *worker;

    TAILQ_FOREACH(worker, &succession->environment->workers, link)
    {
        if (worker->generation == succession->old_generation) {
            coil_worker_retire(worker);
            return;
        }
    }
}

static void take_over(struct coil_succession *succession)
{
    say(succession->server, "generation %llu (%s) takes over from generation %llu: %zu module%s",
        (unsigned long long)succession->worker->generation, python_of(succession),
        (unsigned long long)succession->old_generation, succession->module_count,
        succession->module_count == 1 ? "" : "s");
    succession->worker->preparing = false;
    COIL_FAULT("reload.takes_over");
    retire_old(succession);
    end(succession);
}

/* The worker has died: what it said of its start, or how it ended (its module's init code, most likely). */
static void worker_lost(struct coil_succession *succession)
{
    if (succession->worker->failure[0])
        give_up(succession, succession->worker->failure);
    else
        give_up_at_module(succession, "the new generation died; the log says how");
}

static void answered(struct coil_await *await, const struct coil_message *message)
{
    struct coil_succession *succession = succession_of(await);

    if (!message) {
        worker_lost(succession);
    } else if (message->type == COIL_MESSAGE_FAILED && succession->opening) {
        give_up(succession, message->text); /* the host's words, which name the module */
    } else if (message->type == COIL_MESSAGE_FAILED) {
        give_up_at_module(succession, message->text);
    } else if (!succession->opening) {
        struct coil_message open = { .type = COIL_MESSAGE_OPEN };

        succession->opening = true;
        memcpy(open.hash, succession->modules[succession->next]->hash, COIL_HASH_SIZE);
        coil_worker_ask(succession->worker, &open, NULL, &succession->await, answered);
    } else {
        succession->opening = false;
        succession->next++;
        load_next(succession);
    }
}

static void load_next(struct coil_succession *succession)
{
    struct coil_stored *module;

    if (succession->next == succession->module_count) {
        take_over(succession);
        return;
    }
    module = succession->modules[succession->next];
    if (coil_worker_module_load(succession->worker, coil_image_name(module->image), module, &succession->await,
                                answered) < 0)
        give_up_at_module(succession, "no memory");
}

static void is_ready(struct coil_await *await, const struct coil_message *message)
{
    struct coil_succession *succession = succession_of(await);

    if (message)
        load_next(succession);
    else
        worker_lost(succession);
}

static size_t count_open(const struct coil_worker *worker)
{
    const struct coil_worker_module *module;
    size_t count = 0;

    TAILQ_FOREACH(module, &worker->modules, link)
    count += module->is_open;
    return count;
}

/* Begins to replace `old`.  Trouble is told. */
static void succeed(struct coil_server *server, struct coil_worker *old)
{
    size_t count = count_open(old);
    struct coil_succession *succession = calloc(1, sizeof *succession + count * sizeof *succession->modules);
    const struct coil_worker_module *module;
    struct coil_worker *worker = NULL;

    if (!succession || coil_worker_new(server, old->environment, &worker) < 0) {
        server->reloads.failures++;
        say(server, "generation %llu goes on: no memory for a new one", (unsigned long long)old->generation);
        free(succession);
        return;
    }
    succession->server = server;
    succession->environment = old->environment;
    succession->old_generation = old->generation;
    succession->worker = worker;
    worker->preparing = true;
    coil_worker_hold(worker);
    TAILQ_FOREACH(module, &old->modules, link)
    {
        if (module->is_open)
            succession->modules[succession->module_count++] = coil_stored_ref(module->descriptor);
    }
    (void)uv_timer_init(&server->loop, &succession->timer);
    succession->timer.data = succession;
    (void)uv_timer_start(&succession->timer, on_timeout, TIMEOUT_MS, 0);
    TAILQ_INSERT_TAIL(&server->reloads.successions, succession, link);
    coil_worker_await_ready(worker, &succession->await, is_ready);
}

/* ---- all of them ---- */

/* One that nobody needs as it is need not be replaced: whoever needs it next gets a new one. */
static void replace(struct coil_server *server, struct coil_worker *worker)
{
    bool was_retired = worker->retired;

    if (worker->state != COIL_WORKER_READY || worker->preparing)
        return;
    if (!was_retired && coil_worker_is_usable(worker) && !worker->superseded && count_open(worker) > 0) {
        succeed(server, worker);
        return;
    }
    say(server, "generation %llu (%s) takes no more programs%s", (unsigned long long)worker->generation,
        *worker->environment->python ? worker->environment->python : "Python as built",
        was_retired ? ", as before" : "");
    coil_worker_retire(worker);
}

static void reload_environment(struct coil_server *server, struct coil_environment *environment)
{
    struct coil_worker *worker = environment->private_to ? NULL : TAILQ_FIRST(&environment->workers);

    coil_restart_reset(&environment->restart);
    coil_blames_forget(environment);
    /* New ones are inserted at the head, so they are not met here; one that is found dead leaves the list. */
    while (worker) {
        struct coil_worker *next = TAILQ_NEXT(worker, link);

        replace(server, worker);
        worker = next;
    }
}

void coil_reload_begin(struct coil_server *server, struct coil_client *client, const char *reason)
{
    struct coil_reloads *reloads = &server->reloads;
    struct coil_environment *environment;

    if (!TAILQ_EMPTY(&reloads->successions)) {
        reloads->again = true;
        if (client)
            client->reload = reloads->begun + 1;
        return;
    }
    coil_log("reloads: %s", reason);
    COIL_FAULT("reload.begun");
    reloads->begun++;
    reloads->failures = 0;
    if (client)
        client->reload = reloads->begun;
    TAILQ_FOREACH(environment, &server->environments, link)
    reload_environment(server, environment);
    if (!TAILQ_EMPTY(&reloads->successions))
        return;
    if (!reloads->report)
        say(server, "no worker runs any code that could be out of date");
    finish(server);
}

void coil_reload_abort(struct coil_server *server)
{
    struct coil_succession *succession;

    while ((succession = TAILQ_FIRST(&server->reloads.successions)))
        give_up(succession, "the daemon stops");
}
