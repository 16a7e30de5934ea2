/* Recycling: a worker that has done or grown enough is replaced. */
#ifndef COIL_SUPERVISOR_RECYCLE_H
#define COIL_SUPERVISOR_RECYCLE_H

#include <stdbool.h>
#include <stdint.h>

struct coil_server;

/* When; 0: never for that reason. */
struct coil_recycling {
    uint64_t calls;
    uint64_t memory; /* bytes */
    uint64_t age_ms;
};

/* Once a second.  False: it is not wanted. */
bool coil_recycle_look(struct coil_server *server);

#endif
