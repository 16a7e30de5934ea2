/* One generation takes the place of another, if it can. */
#ifndef COIL_SUPERVISOR_SUCCESSION_H
#define COIL_SUPERVISOR_SUCCESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <uv.h>

#include "daemon/supervisor/await.h"

struct coil_environment;
struct coil_server;
struct coil_stored;
struct coil_worker;

/* One new generation on its way. */
struct coil_succession {
    TAILQ_ENTRY(coil_succession) link;
    struct coil_server *server;
    struct coil_environment *environment;
    uint64_t old_generation;
    struct coil_worker *worker; /* the new one; held */
    bool is_reload;             /* else recycling */

    /*
     * It has ended, and is freed after that.  `failure` says why the old one goes on; NULL: the new one has taken over,
     * and `old` (NULL: it has died meanwhile) is to be retired.
     */
    void (*ended)(struct coil_succession *succession, struct coil_worker *old, const char *failure);

    struct coil_await await;
    uv_timer_t timer;
    size_t next; /* of the modules */
    bool opening;
    size_t module_count;
    struct coil_stored *modules[]; /* what the old one has open; references */
};

TAILQ_HEAD(coil_successions, coil_succession);

/* Begins to replace `old`; ends on a later turn of the loop.  -ENOMEM. */
int coil_succession_new(struct coil_worker *old, bool is_reload,
                        void (*ended)(struct coil_succession *, struct coil_worker *, const char *));

/* The one under way that would replace `old`; NULL: there is none. */
struct coil_succession *coil_succession_of(const struct coil_worker *old);

/* Gives it up. */
void coil_succession_abort(struct coil_succession *succession, const char *why);

/* Which Python it is about, for people. */
const char *coil_succession_python(const struct coil_succession *succession);

/* How many modules of a worker are open. */
size_t coil_succession_count_open(const struct coil_worker *worker);

#endif
