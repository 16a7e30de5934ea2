/*
 * A worker's key: which Python, with which PYTHON* variables.  Programs with equal keys share workers.  A private
 * environment is that of one program: all its variables, its folder, and nobody else's.
 */
#ifndef COIL_SUPERVISOR_ENVIRONMENT_H
#define COIL_SUPERVISOR_ENVIRONMENT_H

#include <stdbool.h>
#include <sys/queue.h>

#include "daemon/supervisor/blame.h"
#include "daemon/supervisor/restart.h"
#include "proto/error.h"
#include "proto/message.h"

struct coil_worker;

struct coil_environment {
    TAILQ_ENTRY(coil_environment) link;
    char *python;                      /* path of the executable; "" for the one coil was built for */
    char **entries;                    /* "PYTHON...=value", NULL-terminated, in the client's (sorted) order; or all */
    uint64_t private_to;               /* the program's number; 0: shared */
    bool is_spare;                     /* of a worker that will be some program's: spare.c */
    char *cwd;                         /* of private ones; "" */
    unsigned users;                    /* workers, and programs that attach */
    uint64_t unused_ms;                /* since when there has been none */
    TAILQ_HEAD(, coil_worker) workers; /* that are not dead, the newest first */
    struct coil_restart restart;       /* when the next worker may start */
    struct coil_blames blames;         /* what has killed workers */
};

TAILQ_HEAD(coil_environments, coil_environment);

/*
 * Finds the environment that an `attach` asks for in `environments`, or adds it.  It stays
 * until coil_environments_deinit(): there are as many as the user has Pythons.  Private ones stay for as long as they
 * are used, and a while longer, for what is known of workers that died.  The caller uses the one that is found.
 * -EINVAL: not a key that coil's client makes.
 */
int coil_environment_find(struct coil_environments *environments, const struct coil_message *attach, uint64_t now_ms,
                          struct coil_environment **ret_environment, struct coil_error *error);
/*
 * Adds one for a worker that the next program with an environment like this private one may have.  -ENOMEM.
 */
int coil_environment_spare_new(struct coil_environments *environments, const struct coil_environment *like,
                               struct coil_environment **ret_environment);

/* Would Python have started there as it would here?  Of the variables all but those count that are different each time. */
bool coil_environment_is_like(const struct coil_environment *spare, const struct coil_environment *environment);

void coil_environment_use(struct coil_environment *environment);
void coil_environment_unuse(struct coil_environment *environment, uint64_t now_ms);
void coil_environments_deinit(struct coil_environments *environments); /* its workers are gone */

/* Has it all the variables of a program, and nobody else's? */
static inline bool coil_environment_is_private(const struct coil_environment *environment)
{
    return environment->private_to || environment->is_spare;
}

/* The environment block of a worker's process, to be freed with coil_environment_block_free().  NULL: no memory. */
char **coil_environment_block_new(const struct coil_environment *environment);
void coil_environment_block_free(char ***block);

#endif
