/* The socket that a service manager has opened for the daemon: systemd's socket activation. */
#ifndef COIL_SUPERVISOR_ACTIVATION_H
#define COIL_SUPERVISOR_ACTIVATION_H

#include "daemon/supervisor/runtime_dir.h"
#include "proto/error.h"

/* Passed sockets begin with this fd. */
#define COIL_ACTIVATION_FD 3

/*
 * How many sockets LISTEN_FDS passes to this very process: 0, or 1, at COIL_ACTIVATION_FD.  -EINVAL with words for any
 * other number.  The variables are forgotten.
 */
int coil_activation_count(struct coil_error *error);

/*
 * Makes the passed socket the one that `runtime` (zeroed) listens at, with its path.  Whoever opened it keeps it, and
 * decides who may listen there: there is no lock, and nothing is removed at the end.
 */
int coil_activation_adopt(struct coil_runtime_dir *runtime, struct coil_error *error);

#endif
