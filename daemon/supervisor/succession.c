/*
 * One generation takes the place of another.
 *
 * Purpose: Python reads its code once, and what has grown does not shrink; so now and then a new generation has to
 * come. It starts beside the old one, loads and opens what that has open, and only then takes its place, so that nobody
 * waits for it.  A generation that does not come that far is ended, and nothing has changed.
 *
 *     start --> ready --> load, open  (each module) --> takes over
 *        \         \          \
 *         +---------+----------+--> cannot: the old one goes on
 *
 * What has failed in the old one as well does not count: a program whose module has never run is no reason to keep
 * everybody else's old code.
 *
 * Begun by reload.c and recycle.c; main thread.  The server owns the successions; each holds its new worker, and knows
 * its old one by number, since that may die meanwhile.
 */
#include "daemon/supervisor/succession.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/supervisor/module.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/worker.h"

#define TIMEOUT_MS 60000 /* from its start to its last module */

static void load_next(struct coil_succession *succession);

const char *coil_succession_python(const struct coil_succession *succession)
{
    return *succession->environment->python ? succession->environment->python : "Python as built";
}

size_t coil_succession_count_open(const struct coil_worker *worker)
{
    const struct coil_worker_module *module;
    size_t count = 0;

    TAILQ_FOREACH(module, &worker->modules, link)
    count += module->is_open;
    return count;
}

struct coil_succession *coil_succession_of(const struct coil_worker *old)
{
    struct coil_succession *succession;

    TAILQ_FOREACH(succession, &old->server->successions, link)
    {
        if (succession->old_generation == old->generation)
            return succession;
    }
    return NULL;
}

/* ---- the end ---- */

static struct coil_worker *find_old(const struct coil_succession *succession)
{
    struct coil_worker *worker;

    TAILQ_FOREACH(worker, &succession->environment->workers, link)
    {
        if (worker->generation == succession->old_generation)
            return worker;
    }
    return NULL;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void end(struct coil_succession *succession, const char *failure)
{
    coil_await_cancel(&succession->await);
    TAILQ_REMOVE(&succession->server->successions, succession, link);
    succession->worker->preparing = false;
    if (failure)
        coil_worker_retire(succession->worker, "it could not take over");
    succession->ended(succession, find_old(succession), failure);
    coil_worker_release(succession->worker);
    for (size_t i = 0; i < succession->module_count; i++)
        coil_stored_unref(succession->modules[i]);
    uv_close((uv_handle_t *)&succession->timer, on_closed);
}

void coil_succession_abort(struct coil_succession *succession, const char *why)
{
    end(succession, why);
}

/* It cannot, because of the module that it was at. */
static void fail_at_module(struct coil_succession *succession, const char *why)
{
    char text[COIL_ERROR_TEXT_MAX];

    (void)snprintf(text, sizeof text, "module \"%s\": %s",
                   coil_image_name(succession->modules[succession->next]->image), why);
    end(succession, text);
}

static void on_timeout(uv_timer_t *timer)
{
    char why[64];

    (void)snprintf(why, sizeof why, "it was not ready within %d s", TIMEOUT_MS / 1000);
    end(timer->data, why);
}

/* The worker has died: what it said of its start, or how it ended (its module's init code, most likely). */
static void worker_lost(struct coil_succession *succession)
{
    if (succession->worker->failure[0])
        end(succession, succession->worker->failure);
    else
        fail_at_module(succession, "the new generation died; the log says how");
}

/* ---- the way ---- */

static struct coil_succession *succession_of(struct coil_await *await)
{
    return (struct coil_succession *)(void *)((char *)await - offsetof(struct coil_succession, await));
}

static void answered(struct coil_await *await, const struct coil_message *message)
{
    struct coil_succession *succession = succession_of(await);

    if (!message) {
        worker_lost(succession);
    } else if (message->type == COIL_MESSAGE_FAILED && succession->opening) {
        end(succession, message->text); /* the host's words, which name the module */
    } else if (message->type == COIL_MESSAGE_FAILED) {
        fail_at_module(succession, message->text);
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
        end(succession, NULL);
        return;
    }
    module = succession->modules[succession->next];
    if (coil_worker_module_load(succession->worker, coil_image_name(module->image), module, &succession->await,
                                answered) < 0)
        fail_at_module(succession, "no memory");
}

static void is_ready(struct coil_await *await, const struct coil_message *message)
{
    struct coil_succession *succession = succession_of(await);

    if (message)
        load_next(succession);
    else
        worker_lost(succession);
}

/* A system daemon forgets at a reload what is not registered any more. */
static bool is_served(const struct coil_server *server, const struct coil_worker_module *module)
{
    return !server->is_system || coil_registry_has(&server->configuration.registry, module->hash);
}

int coil_succession_new(struct coil_worker *old, bool is_reload,
                        void (*ended)(struct coil_succession *, struct coil_worker *, const char *))
{
    struct coil_server *server = old->server;
    size_t count = coil_succession_count_open(old);
    struct coil_succession *succession = calloc(1, sizeof *succession + count * sizeof *succession->modules);
    const struct coil_worker_module *module;
    struct coil_worker *worker = NULL;

    if (!succession || coil_worker_new(server, old->environment, &worker) < 0) {
        free(succession);
        return -ENOMEM;
    }
    succession->server = server;
    succession->environment = old->environment;
    succession->old_generation = old->generation;
    succession->worker = worker;
    succession->is_reload = is_reload;
    succession->ended = ended;
    worker->preparing = true;
    coil_worker_hold(worker);
    TAILQ_FOREACH(module, &old->modules, link)
    {
        if (module->is_open && is_served(server, module))
            succession->modules[succession->module_count++] = coil_stored_ref(module->descriptor);
    }
    (void)uv_timer_init(&server->loop, &succession->timer);
    succession->timer.data = succession;
    (void)uv_timer_start(&succession->timer, on_timeout, TIMEOUT_MS, 0);
    TAILQ_INSERT_TAIL(&server->successions, succession, link);
    coil_worker_await_ready(worker, &succession->await, is_ready);
    return 0;
}
