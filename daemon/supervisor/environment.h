/* A worker's key: which Python, with which PYTHON* variables.  Programs with equal keys share workers. */
#ifndef COIL_SUPERVISOR_ENVIRONMENT_H
#define COIL_SUPERVISOR_ENVIRONMENT_H

#include <sys/queue.h>

#include "daemon/supervisor/blame.h"
#include "daemon/supervisor/restart.h"
#include "proto/error.h"

struct coil_worker;

struct coil_environment {
    TAILQ_ENTRY(coil_environment) link;
    char *python;                      /* path of the executable; "" for the one coil was built for */
    char **entries;                    /* "PYTHON...=value", NULL-terminated, in the client's (sorted) order */
    TAILQ_HEAD(, coil_worker) workers; /* that are not dead, the newest first */
    struct coil_restart restart;       /* when the next worker may start */
    struct coil_blames blames;         /* what has killed workers */
};

TAILQ_HEAD(coil_environments, coil_environment);

/*
 * Finds the environment of this key in `environments`, or adds it.  It stays
 * until coil_environments_deinit(): there are as many as the user has Pythons.
 * -EINVAL: not a key that coil's client makes.
 */
int coil_environment_find(struct coil_environments *environments, const char *python, const char *const *entries,
                          struct coil_environment **ret_environment, struct coil_error *error);
void coil_environments_deinit(struct coil_environments *environments); /* its workers are gone */

/* The environment block of a worker's process, to be freed with coil_environment_block_free().  NULL: no memory. */
char **coil_environment_block_new(const struct coil_environment *environment);
void coil_environment_block_free(char ***block);

#endif
