/*
 * The daemon's report about itself.
 *
 * Purpose: what `coilctl status` prints.  The daemon writes the text, so that
 * coilctl of another version shows what this daemon has.
 *
 * Called by client.c, main thread.
 */
#include "daemon/supervisor/status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/supervisor/measure.h"
#include "daemon/supervisor/module.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/session.h"
#include "daemon/supervisor/worker.h"
#include "proto/version.h"

static const char *state_name(const struct coil_worker *worker)
{
    switch (worker->state) {
    case COIL_WORKER_DELAYED:
        return "waits after crashes";
    case COIL_WORKER_STARTING:
        return "starting";
    case COIL_WORKER_READY:
        return worker->retired      ? "ready, takes no more programs"
               : worker->preparing  ? "ready, prepares to take over"
               : worker->superseded ? "ready, superseded"
                                    : "ready";
    case COIL_WORKER_LEAVING:
        return "leaving";
    case COIL_WORKER_DEAD:
        return "dead";
    }
    return "?";
}

/* Memory behind the worker's heap. */
static unsigned long long heap_kib(const struct coil_worker *worker)
{
    struct stat status;

    return worker->heap.fd >= 0 && fstat(worker->heap.fd, &status) == 0 ? (unsigned long long)status.st_blocks / 2 : 0;
}

static void write_worker(FILE *out, const struct coil_worker *worker)
{
    const struct coil_worker_module *module;
    const struct coil_session *session;
    unsigned sessions = 0;
    unsigned channels = 0;

    TAILQ_FOREACH(session, &worker->sessions, link)
    {
        sessions++;
        channels += session->channels;
    }
    (void)fprintf(out, "worker: generation %llu, pid %d, %s, sessions %u, channels %u, heap %llu KiB\n",
                  (unsigned long long)worker->generation, (int)worker->pid, state_name(worker), sessions, channels,
                  heap_kib(worker));
    (void)fprintf(
        out, "  age: %llu s, calls %llu, memory %llu KiB\n", (unsigned long long)coil_measure_age_ms(worker) / 1000,
        (unsigned long long)coil_measure_calls(worker), (unsigned long long)coil_measure_memory(worker) / 1024);
    if (worker->retired)
        (void)fprintf(out, "  retired: %s%s\n", worker->why_retired,
                      worker->is_forced ? "; programs have had their time to let go of it" : "");
    if (worker->moved)
        (void)fprintf(out, "  moved on: %llu sessions\n", (unsigned long long)worker->moved);
    (void)fprintf(out, "  python: %s\n", *worker->environment->python ? worker->environment->python : "as built");
    if (worker->is_spare)
        (void)fputs("  spare: for the next program that has a worker of its own\n", out);
    else if (worker->environment->private_to)
        (void)fprintf(out, "  private, in %s\n", worker->environment->cwd);
    for (char **entry = worker->environment->entries; *entry; entry++)
        if (strncmp(*entry, "PYTHON", 6) == 0)
            (void)fprintf(out, "  environment: %s\n", *entry);
    TAILQ_FOREACH(module, &worker->modules, link)
    {
        if (!*module->name)
            continue; /* refused by the worker */
        (void)fprintf(out, "  module: %s ", module->name);
        for (unsigned i = 0; i < COIL_HASH_SIZE; i++)
            (void)fprintf(out, "%02x", module->hash[i]);
        (void)fprintf(out, "%s\n",
                      !module->loaded      ? ", loading"
                      : module->has_failed ? ", init code failed"
                      : module->is_open    ? ", open"
                                           : "");
    }
    TAILQ_FOREACH(session, &worker->sessions, link)
    (void)fprintf(out, "  session: %llu, program pid %d, channels %u%s%s%s\n", (unsigned long long)session->number,
                  (int)session->pid, session->channels, session->client ? "" : ", closing",
                  *session->stays ? ", stays: " : "", session->stays);
}

int coil_status_write(const struct coil_server *server, char **ret_text)
{
    const struct coil_environment *environment;
    const struct coil_worker *worker;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return -ENOMEM;
    (void)fprintf(out, "coild: pid %d, version %s, protocol %d\n", (int)getpid(), COIL_VERSION, COIL_PROTOCOL);
    (void)fprintf(out, "socket: %s\n", server->runtime->socket_path);
    if (server->log_path)
        (void)fprintf(out, "log: %s\n", server->log_path);
    (void)fprintf(out, "programs: %u, workers: %u, descriptors: %u\n", server->attached, server->workers,
                  server->store.count);
    TAILQ_FOREACH(environment, &server->environments, link)
    {
        TAILQ_FOREACH(worker, &environment->workers, link)
        write_worker(out, worker);
    }
    if (fclose(out) != 0) {
        free(text);
        return -ENOMEM;
    }
    *ret_text = text;
    return 0;
}
