#ifndef COIL_HOST_START_H
#define COIL_HOST_START_H

#include "daemon/host/host.h"

int coil_start(const struct coil_host_config *config, struct coil_error *error);

/* What the embedder supplied; valid after coil_start(). */
const struct coil_host_callbacks *coil_start_callbacks(void);

#endif
