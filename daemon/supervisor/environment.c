/*
 * A worker's key, and the environment its process gets.
 *
 * Purpose: a warm interpreter may be shared only by programs that would have
 * found the same Python with the same modules.  The client works out both; here
 * they are compared as they are.  The supervisor's own environment is the one of
 * whichever program happened to start it, so of that only what describes the user
 * goes on to workers.
 *
 * Called by attach.c and worker.c, main thread.
 */
#include "daemon/supervisor/environment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/cleanup.h"

extern char **environ;

/* Variables of the supervisor that a worker sees; a "*" stands for any ending. */
static const char *const passed[] = { "HOME", "LANG", "LC_*", "TZ", "USER", "LOGNAME", "PATH" };

#define KEY_PREFIX "PYTHON"

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
    if (!block || !append(block, user, is_passed) || !append(block, key, NULL))
        return NULL;
    stolen = block;
    block = NULL;
    return stolen;
}

static bool is_same(const struct coil_environment *environment, const char *python, const char *const *entries)
{
    size_t i = 0;

    if (strcmp(environment->python, python) != 0)
        return false;
    for (; environment->entries[i] && entries[i]; i++) {
        if (strcmp(environment->entries[i], entries[i]) != 0)
            return false;
    }
    return !environment->entries[i] && !entries[i];
}

static void environment_free(struct coil_environment *environment)
{
    coil_blames_forget(environment);
    free(environment->python);
    coil_environment_block_free(&environment->entries);
    free(environment);
}

int coil_environment_find(struct coil_environments *environments, const char *python, const char *const *entries,
                          struct coil_environment **ret_environment, struct coil_error *error)
{
    struct coil_environment *environment;

    if (*python && *python != '/')
        return coil_error_set(error, -EINVAL, "the path of Python, \"%s\", is not absolute", python);
    for (const char *const *entry = entries; *entry; entry++) {
        if (strncmp(*entry, KEY_PREFIX, strlen(KEY_PREFIX)) != 0 || !strchr(*entry, '='))
            return coil_error_set(error, -EINVAL, "\"%.100s\" is not a variable of Python's", *entry);
    }
    TAILQ_FOREACH(environment, environments, link)
    {
        if (is_same(environment, python, entries)) {
            *ret_environment = environment;
            return 0;
        }
    }
    environment = calloc(1, sizeof *environment);
    if (!environment)
        return coil_error_set(error, -ENOMEM, "no memory for a worker's environment");
    TAILQ_INIT(&environment->workers);
    TAILQ_INIT(&environment->blames);
    environment->python = strdup(python);
    environment->entries = calloc(count_entries(entries) + 1, sizeof *environment->entries);
    if (!environment->python || !environment->entries || !append(environment->entries, entries, NULL)) {
        environment_free(environment);
        return coil_error_set(error, -ENOMEM, "no memory for a worker's environment");
    }
    TAILQ_INSERT_TAIL(environments, environment, link);
    *ret_environment = environment;
    return 0;
}

void coil_environments_deinit(struct coil_environments *environments)
{
    struct coil_environment *environment;

    while ((environment = TAILQ_FIRST(environments))) {
        TAILQ_REMOVE(environments, environment, link);
        environment_free(environment);
    }
}
