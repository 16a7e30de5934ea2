/*
 * A worker's key, and the environment its process gets.
 *
 * Purpose: a warm interpreter may be shared only by programs that would have
 * found the same Python with the same modules.  The client works out both; here
 * they are compared as they are.  The supervisor's own environment is the one of
 * whichever program happened to start it, so of that only what describes the user
 * goes on to workers.  A private worker has the variables of its program, and no others.
 *
 * Called by attach.c and worker.c, main thread.
 */
#include "daemon/supervisor/environment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/cleanup.h"
#include "proto/fault.h"

extern char **environ;

/* Variables of the supervisor that a worker sees; a "*" stands for any ending. */
static const char *const passed[] = { "HOME", "LANG", "LC_*", "TZ", "USER", "LOGNAME", "PATH", COIL_FAULT_VARIABLE };

/* Variables that shells and terminals set anew all the time, and that nothing looks at while Python starts. */
static const char *const transient[] = { "_", "PWD", "OLDPWD", "SHLVL", "COLUMNS", "LINES" };

#define KEY_PREFIX "PYTHON"
#define KEPT_MS 60000 /* a private environment that nobody uses: its program may attach again, after a death */

static bool is_passed(const char *entry)
{
    size_t length = strcspn(entry, "=");

    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
        size_t wanted = strlen(passed[i]);

        if (passed[i][wanted - 1] == '*') {
            if (length >= wanted - 1 && strncmp(entry, passed[i], wanted - 1) == 0)
                return true;
        } else if (length == wanted && strncmp(entry, passed[i], wanted) == 0) {
            return true;
        }
    }
    return false;
}

void coil_environment_block_free(char ***block)
{
    if (!*block)
        return;
    for (char **entry = *block; *entry; entry++)
        free(*entry);
    free(*block);
    *block = NULL;
}

static size_t count_entries(const char *const *entries)
{
    size_t count = 0;

    while (entries[count])
        count++;
    return count;
}

/* Copies entries that fit `wanted` (all if NULL) to the end of a block that has room for them. */
static bool append(char **block, const char *const *entries, bool (*wanted)(const char *entry))
{
    while (*block)
        block++;
    for (; *entries; entries++) {
        if (wanted && !wanted(*entries))
            continue;
        *block = strdup(*entries);
        if (!*block++)
            return false;
    }
    return true;
}

char **coil_environment_block_new(const struct coil_environment *environment)
{
    const char *const *key = (const char *const *)environment->entries;
    const char *const *user = (const char *const *)environ;
    COIL_CLEANUP(coil_environment_block_free) char **block = NULL;
    char **stolen;

    block = calloc(count_entries(key) + count_entries(user) + 1, sizeof *block);
    if (!block || (!coil_environment_is_private(environment) && !append(block, user, is_passed)) ||
        !append(block, key, NULL))
        return NULL;
    stolen = block;
    block = NULL;
    return stolen;
}

static bool is_same(const struct coil_environment *environment, const struct coil_message *attach)
{
    size_t i = 0;

    if (environment->is_spare || environment->private_to != attach->private_to || strcmp(environment->python, attach->python) != 0)
        return false;
    if (environment->private_to)
        return true; /* the program's variables may have changed since; its Python is what it is */
    for (; environment->entries[i] && attach->environment[i]; i++) {
        if (strcmp(environment->entries[i], attach->environment[i]) != 0)
            return false;
    }
    return !environment->entries[i] && !attach->environment[i];
}

static void environment_free(struct coil_environment *environment)
{
    coil_blames_forget(environment);
    free(environment->python);
    free(environment->cwd);
    coil_environment_block_free(&environment->entries);
    free(environment);
}

static struct coil_environment *environment_new(const struct coil_message *attach)
{
    struct coil_environment *environment = calloc(1, sizeof *environment);

    if (!environment)
        return NULL;
    TAILQ_INIT(&environment->workers);
    TAILQ_INIT(&environment->blames);
    environment->private_to = attach->private_to;
    environment->python = strdup(attach->python);
    environment->cwd = strdup(attach->cwd);
    environment->entries = calloc(count_entries(attach->environment) + 1, sizeof *environment->entries);
    if (environment->python && environment->cwd && environment->entries &&
        append(environment->entries, attach->environment, NULL))
        return environment;
    environment_free(environment);
    return NULL;
}

static int check(const struct coil_message *attach, struct coil_error *error)
{
    if (*attach->python && *attach->python != '/')
        return coil_error_set(error, -EINVAL, "the path of Python, \"%s\", is not absolute", attach->python);
    for (const char *const *entry = attach->environment; *entry; entry++) {
        if (!strchr(*entry, '=') || (!attach->private_to && strncmp(*entry, KEY_PREFIX, strlen(KEY_PREFIX)) != 0))
            return coil_error_set(error, -EINVAL, "\"%.100s\" is not a variable of Python's", *entry);
    }
    return 0;
}

/* Frees what belongs to programs that have gone. */
static void prune(struct coil_environments *environments, uint64_t now_ms)
{
    struct coil_environment *next;

    for (struct coil_environment *environment = TAILQ_FIRST(environments); environment; environment = next) {
        next = TAILQ_NEXT(environment, link);
        if (!coil_environment_is_private(environment) || environment->users > 0 || now_ms - environment->unused_ms < KEPT_MS)
            continue;
        TAILQ_REMOVE(environments, environment, link);
        environment_free(environment);
    }
}

int coil_environment_find(struct coil_environments *environments, const struct coil_message *attach, uint64_t now_ms,
                          struct coil_environment **ret_environment, struct coil_error *error)
{
    struct coil_environment *environment;
    int r;

    r = check(attach, error);
    if (r < 0)
        return r;
    prune(environments, now_ms);
    TAILQ_FOREACH(environment, environments, link)
    {
        if (is_same(environment, attach))
            break;
    }
    if (!environment) {
        environment = environment_new(attach);
        if (!environment)
            return coil_error_set(error, -ENOMEM, "no memory for a worker's environment");
        TAILQ_INSERT_TAIL(environments, environment, link);
    }
    coil_environment_use(environment);
    *ret_environment = environment;
    return 0;
}

int coil_environment_spare_new(struct coil_environments *environments, const struct coil_environment *like,
                               struct coil_environment **ret_environment)
{
    const struct coil_message attach = {
        .python = like->python, .environment = (const char *const *)like->entries, .cwd = ""
    };
    struct coil_environment *environment = environment_new(&attach);

    if (!environment)
        return -ENOMEM;
    environment->is_spare = true;
    TAILQ_INSERT_TAIL(environments, environment, link);
    *ret_environment = environment;
    return 0;
}

static bool counts(const char *entry)
{
    size_t length = strcspn(entry, "=");

    for (size_t i = 0; i < sizeof transient / sizeof *transient; i++)
        if (strlen(transient[i]) == length && strncmp(entry, transient[i], length) == 0)
            return false;
    return true;
}

/* Are all entries of one that count among those of the other?  They are mostly in the same order. */
static bool has_all(char **entries, char **others)
{
    char **at = others;

    for (; *entries; entries++) {
        char **begin = at;

        if (!counts(*entries))
            continue;
        while (!*at || strcmp(*at, *entries) != 0) {
            at = *at ? at + 1 : others;
            if (at == begin)
                return false;
        }
    }
    return true;
}

bool coil_environment_is_like(const struct coil_environment *spare, const struct coil_environment *environment)
{
    return strcmp(spare->python, environment->python) == 0 && has_all(spare->entries, environment->entries) &&
           has_all(environment->entries, spare->entries);
}

void coil_environment_use(struct coil_environment *environment)
{
    environment->users++;
}

void coil_environment_unuse(struct coil_environment *environment, uint64_t now_ms)
{
    environment->users--;
    environment->unused_ms = now_ms;
}

void coil_environments_deinit(struct coil_environments *environments)
{
    struct coil_environment *environment;

    while ((environment = TAILQ_FIRST(environments))) {
        TAILQ_REMOVE(environments, environment, link);
        environment_free(environment);
    }
}
