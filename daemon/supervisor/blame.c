/*
 * Functions that kill their workers.
 *
 * Purpose: one function that always crashes, called in a loop, would end the calls of all the programs that share the
 * worker, over and over.  So it alone is refused, and everybody else goes on.  Which function it was is known
 * exactly: the thread that ends the process marks its channel (daemon/worker/fatal.c), and death.c reads the mark.
 * Functions that merely ran at the time are never blamed.
 *
 * Deaths long ago do not count: a function that crashes once a day is a nuisance to its caller, not to others.
 * A module that is built anew has another hash, and so begins afresh.
 *
 * Called by death.c, module.c and environment.c, main thread.  Entries belong to the environment.
 */
#include "daemon/supervisor/blame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/supervisor/environment.h"
#include "daemon/supervisor/log.h"
#include "daemon/supervisor/module.h"
#include "daemon/supervisor/server.h"
#include "daemon/supervisor/worker.h"

static struct coil_blame *find_or_add(struct coil_blames *blames, const uint8_t hash[COIL_HASH_SIZE], uint32_t function)
{
    struct coil_blame *blame;

    TAILQ_FOREACH(blame, blames, link)
    {
        if (blame->function == function && memcmp(blame->hash, hash, COIL_HASH_SIZE) == 0)
            return blame;
    }
    blame = calloc(1, sizeof *blame);
    if (!blame)
        return NULL;
    memcpy(blame->hash, hash, COIL_HASH_SIZE);
    blame->function = function;
    TAILQ_INSERT_TAIL(blames, blame, link);
    return blame;
}

/* What a caller is told behind the name of what it called. */
static char *refusal_new(uint32_t function, const char *how)
{
    char *text = NULL;

    if (asprintf(
            &text,
            "it%s has killed the Python worker %d times within a minute, the last time with %s; it is refused until "
            "coilctl reload",
            function == COIL_BLAME_INIT ? "s init code" : "", COIL_BLAME_DEATHS_MAX, how) < 0)
        return NULL;
    return text;
}

static void tell(struct coil_worker *worker, const struct coil_blame *blame, const char *text)
{
    struct coil_message message = { .type = COIL_MESSAGE_REFUSE, .function = blame->function, .text = text };

    memcpy(message.hash, blame->hash, COIL_HASH_SIZE);
    coil_worker_tell(worker, &message);
}

static void tell_all(const struct coil_environment *environment, const struct coil_blame *blame, const char *text)
{
    struct coil_worker *worker;

    TAILQ_FOREACH(worker, &environment->workers, link)
    {
        if (coil_worker_module_is_sent(worker, blame->hash))
            tell(worker, blame, text);
    }
}

/* Notes one more death; true if there were too many within the window. */
static bool is_too_often(struct coil_blame *blame, uint64_t now_ms)
{
    uint64_t oldest;

    memmove(blame->deaths_ms + 1, blame->deaths_ms, sizeof blame->deaths_ms - sizeof *blame->deaths_ms);
    blame->deaths_ms[0] = now_ms + 1;
    oldest = blame->deaths_ms[COIL_BLAME_DEATHS_MAX - 1];
    return oldest && now_ms - oldest < COIL_BLAME_WINDOW_MS;
}

void coil_blame_death(struct coil_worker *worker, const uint8_t hash[COIL_HASH_SIZE], uint32_t function,
                      const char *what, const char *how)
{
    struct coil_environment *environment = worker->environment;
    struct coil_blame *blame = find_or_add(&environment->blames, hash, function);

    if (!blame || !is_too_often(blame, uv_now(&worker->server->loop)) || blame->refusal)
        return; /* without memory it is blamed the next time */
    blame->refusal = refusal_new(function, how);
    if (!blame->refusal)
        return;
    coil_log("%s: %s", what, blame->refusal);
    tell_all(environment, blame, blame->refusal);
}

void coil_blames_tell(struct coil_worker *worker, const uint8_t hash[COIL_HASH_SIZE])
{
    const struct coil_blame *blame;

    TAILQ_FOREACH(blame, &worker->environment->blames, link)
    {
        if (blame->refusal && memcmp(blame->hash, hash, COIL_HASH_SIZE) == 0)
            tell(worker, blame, blame->refusal);
    }
}

void coil_blames_forget(struct coil_environment *environment)
{
    struct coil_blame *blame;

    while ((blame = TAILQ_FIRST(&environment->blames))) {
        if (blame->refusal)
            tell_all(environment, blame, "");
        TAILQ_REMOVE(&environment->blames, blame, link);
        free(blame->refusal);
        free(blame);
    }
}
