/* What calls there have been: of each module, in all workers, also those that are gone. */
#ifndef COIL_SUPERVISOR_TALLY_H
#define COIL_SUPERVISOR_TALLY_H

#include <stdint.h>
#include <sys/queue.h>

#include "proto/tally.h"

struct coil_server;
struct coil_worker;

/* Numbers as they were at some moment. */
struct coil_tally_sum {
    uint64_t calls;
    uint64_t errors;
    uint64_t total_ns;
    uint64_t buckets[COIL_TALLY_BUCKETS];
};

/* A module, by its name, whichever builds of it there are. */
struct coil_total {
    TAILQ_ENTRY(coil_total) link;
    char *name;
    unsigned workers; /* that have it, now */
    struct coil_tally_sum sum;
};

TAILQ_HEAD(coil_totals, coil_total);

/* The totals as they are now, in a new list; coil_totals_deinit() frees it.  -ENOMEM. */
int coil_totals_now(const struct coil_server *server, struct coil_totals *ret_totals);
void coil_totals_deinit(struct coil_totals *totals);

/* A worker goes: what it has counted is kept in the daemon's own totals, which are of workers that are gone. */
void coil_totals_keep(struct coil_totals *totals, const struct coil_worker *worker);

#endif
