/* Whether supervision works, and the sign of life that depends on it. */
#ifndef COIL_SUPERVISOR_HEALTH_H
#define COIL_SUPERVISOR_HEALTH_H

#include "proto/error.h"

struct coil_server;

/*
 * 0 if the daemon does what it is there for; -EIO with words if not.  To be asked now and then: what may be in order
 * for a moment (a death that the loop has not come to yet) is not at the second time.
 */
int coil_health_check(struct coil_server *server, struct coil_error *error);

/* Sends signs of life from now on, if a service manager waits for them.  `server` has a loop. */
void coil_health_begin(struct coil_server *server);
void coil_health_end(struct coil_server *server);

#endif
