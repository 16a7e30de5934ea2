#ifndef COIL_HOST_START_H
#define COIL_HOST_START_H

#include <stdint.h>

#include "daemon/host/host.h"

int coil_start(const struct coil_host_config *config, struct coil_error *error);

/* When the interpreter began to start: nanoseconds of the clock that file times have. */
int64_t coil_start_began_ns(void);

/* What the embedder supplied; valid after coil_start(). */
const struct coil_host_callbacks *coil_start_callbacks(void);

/* Does this Python serve programs of several users?  Valid after coil_start(). */
bool coil_start_is_system(void);

/* Holds up starting while the process forks; without the GIL.  In a forked child starting is not held up any more. */
void coil_start_hold_up(void);
void coil_start_go_on(bool in_child);

#endif
