/* coilctl top: what is going on. */
#ifndef COIL_CTL_TOP_H
#define COIL_CTL_TOP_H

#include "daemon/ctl/daemon.h"

/* Once a second, until a signal ends it or the daemon has gone. */
int coil_top_run(struct coil_daemon *daemon, struct coil_error *error);

/* What went on within one second. */
int coil_top_once(struct coil_daemon *daemon, struct coil_error *error);

#endif
