/* Functions that have killed their workers, again and again: named in the log, and refused until a reload. */
#ifndef COIL_SUPERVISOR_BLAME_H
#define COIL_SUPERVISOR_BLAME_H

#include <stdint.h>
#include <sys/queue.h>

#include "proto/image.h"

struct coil_environment;
struct coil_worker;

#define COIL_BLAME_DEATHS_MAX 5 /* within the next, and the function is refused */
#define COIL_BLAME_WINDOW_MS UINT64_C(60000)
#define COIL_BLAME_INIT UINT32_MAX /* the module's init code, not one of its functions */

struct coil_blame {
    TAILQ_ENTRY(coil_blame) link;
    uint8_t hash[COIL_HASH_SIZE];
    uint32_t function;                         /* index in the module, or COIL_BLAME_INIT */
    uint64_t deaths_ms[COIL_BLAME_DEATHS_MAX]; /* of the last ones, the newest first; 0: none */
    char *refusal;                             /* what callers are told; NULL: it is not refused */
};

TAILQ_HEAD(coil_blames, coil_blame);

/*
 * The worker has died, with `how`, of this function of this module; `what` is it for people.  If that was once too
 * often, it is refused from now on by all workers of the environment.
 */
void coil_blame_death(struct coil_worker *worker, const uint8_t hash[COIL_HASH_SIZE], uint32_t function,
                      const char *what, const char *how);

/* Tells the worker what of this module it has to refuse; it has been sent the module. */
void coil_blames_tell(struct coil_worker *worker, const uint8_t hash[COIL_HASH_SIZE]);

/* A new beginning: nothing is refused any more, and workers are told so. */
void coil_blames_forget(struct coil_environment *environment);

#endif
