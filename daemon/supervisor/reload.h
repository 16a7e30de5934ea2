/* Reloading: new generations take the place of the old ones, if they can. */
#ifndef COIL_SUPERVISOR_RELOAD_H
#define COIL_SUPERVISOR_RELOAD_H

#include <stdbool.h>
#include <stdint.h>

struct coil_client;
struct coil_server;

/* The daemon's reloads: at most one is under way.  Zero: none. */
struct coil_reloads {
    uint64_t begun;     /* how many there have been, the one under way included */
    bool again;         /* someone has asked for the next one meanwhile */
    unsigned under_way; /* new generations that are on their way */
    unsigned failures;  /* of the one under way */
    char *report;       /* lines about it; NULL: none yet */
};

/*
 * Begins a reload, or the next one as soon as the one under way has ended.  `client`, if not NULL, has asked for it and
 * is answered when it has ended; `reason` is for the log.
 */
void coil_reload_begin(struct coil_server *server, struct coil_client *client, const char *reason);

#endif
