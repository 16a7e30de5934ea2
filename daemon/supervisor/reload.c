/*
 * Reloading.
 *
 * Purpose: Python reads its code once.  A reload starts a new generation for each worker that is in use, which takes
 * the old one's place as soon as it has the same modules open (succession.c): new programs come to the new one, those
 * that are there follow when nothing keeps them (move.c), and the old one leaves with the last.  A generation that does
 * not come that far is ended, and nothing has changed but the log; whoever asked is told.
 *
 * Private workers stay as they are: no other program comes to them, and theirs relies on their state.  Spares leave.
 *
 * A reload is also a new beginning for what was refused or given up after crashes.
 *
 * Called by client.c and server.c, main thread.
 */
#include "daemon/supervisor/reload.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/supervisor/blame.h"
#include "daemon/supervisor/client.h"
#include "daemon/supervisor/configure.h"
#include "daemon/supervisor/log.h"
#include "daemon/supervisor/move.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/spare.h"
#include "daemon/supervisor/succession.h"
#include "daemon/supervisor/worker.h"
#include "proto/cleanup.h"
#include "proto/fault.h"

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
    if (!server->stopping)
        coil_notify_send(&server->notify, "READY=1");
    if (reloads->again && !server->stopping) {
        reloads->again = false;
        coil_reload_begin(server, NULL, "asked for meanwhile");
    }
}

/* ---- one worker ---- */

/* Those that it had follow; what keeps them is respected for a while. */
static void retire(struct coil_worker *worker, const char *why)
{
    coil_worker_retire(worker, why);
    coil_moves_begin(worker, worker->server->drain_timeout_ms);
}

static void ended(struct coil_succession *succession, struct coil_worker *old, const char *failure)
{
    struct coil_server *server = succession->server;
    unsigned long long generation = succession->worker->generation;
    char why[80];

    if (failure) {
        server->reloads.failures++;
        say(server, "generation %llu (%s) cannot take over from generation %llu, which goes on: %s", generation,
            coil_succession_python(succession), (unsigned long long)succession->old_generation, failure);
    } else {
        say(server, "generation %llu (%s) takes over from generation %llu: %zu module%s", generation,
            coil_succession_python(succession), (unsigned long long)succession->old_generation,
            succession->module_count, succession->module_count == 1 ? "" : "s");
        (void)snprintf(why, sizeof why, "reloaded: generation %llu has taken over", generation);
        COIL_FAULT("reload.takes_over");
        if (old)
            retire(old, why);
    }
    if (--server->reloads.under_way == 0)
        finish(server);
}

static void succeed(struct coil_server *server, struct coil_worker *old)
{
    struct coil_succession *other = coil_succession_of(old);

    if (other)
        coil_succession_abort(other, "a reload comes first");
    if (coil_succession_new(old, true, ended) == 0) {
        server->reloads.under_way++;
        return;
    }
    server->reloads.failures++;
    say(server, "generation %llu goes on: no memory for a new one", (unsigned long long)old->generation);
}

/* ---- all of them ---- */

/* One that nobody needs as it is need not be replaced: whoever needs it next gets a new one. */
static void replace(struct coil_server *server, struct coil_worker *worker)
{
    bool was_retired = worker->retired;

    if (worker->state != COIL_WORKER_READY || worker->preparing)
        return;
    if (!was_retired && coil_worker_is_usable(worker) && !worker->superseded &&
        coil_succession_count_open(worker) > 0) {
        succeed(server, worker);
        return;
    }
    say(server, "generation %llu (%s) takes no more programs%s", (unsigned long long)worker->generation,
        *worker->environment->python ? worker->environment->python : "Python as built",
        was_retired ? ", as before" : "");
    retire(worker, "reloaded");
}

static void reload_environment(struct coil_server *server, struct coil_environment *environment)
{
    struct coil_worker *worker = environment->private_to ? NULL : TAILQ_FIRST(&environment->workers);

    coil_restart_reset(&environment->restart);
    coil_blames_forget(environment);
    if (environment->is_spare) {
        coil_spare_retire(environment, "reloaded");
        return;
    }
    /* New ones are inserted at the head, so they are not met here; one that is found dead leaves the list. */
    while (worker) {
        struct coil_worker *next = TAILQ_NEXT(worker, link);

        replace(server, worker);
        worker = next;
    }
}

/* The configuration first: the new workers go by it.  With a mistake in it the old one stays, and the rest goes on. */
static void reload_configuration(struct coil_server *server)
{
    COIL_CLEANUP(coil_memory_free) char *mistakes = NULL;
    char *line, *rest;

    if (coil_configuration_reload(server, &mistakes) == 0) {
        if (*server->configuration.files.files)
            say(server, "the configuration was read: %s", server->configuration.files.files);
        return;
    }
    server->reloads.failures++;
    say(server, "the configuration stays as it was: %s", mistakes ? "there are mistakes in the new one" : "no memory");
    rest = mistakes;
    while (rest && (line = strsep(&rest, "\n")) && *line)
        say(server, "%s", line);
}

void coil_reload_begin(struct coil_server *server, struct coil_client *client, const char *reason)
{
    struct coil_reloads *reloads = &server->reloads;
    struct coil_environment *environment;

    if (reloads->under_way > 0) {
        reloads->again = true;
        if (client)
            client->reload = reloads->begun + 1;
        return;
    }
    coil_log("reloads: %s", reason);
    coil_notify_reloading(&server->notify);
    COIL_FAULT("reload.begun");
    reloads->begun++;
    reloads->failures = 0;
    if (client)
        client->reload = reloads->begun;
    reload_configuration(server);
    TAILQ_FOREACH(environment, &server->environments, link)
    reload_environment(server, environment);
    if (reloads->under_way > 0)
        return;
    if (!reloads->report)
        say(server, "no worker runs any code that could be out of date");
    finish(server);
}
