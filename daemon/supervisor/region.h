/* Regions of a program's own memory (coil_alloc), on their way to its worker. */
#ifndef COIL_SUPERVISOR_REGION_H
#define COIL_SUPERVISOR_REGION_H

#include "daemon/supervisor/client.h"

/* Begins to handle the request `region`, which came with `fd`; it is answered sooner or later.  `fd` stays the
 * caller's. */
void coil_region_show(struct coil_client *client, const struct coil_message *message, int fd);

#endif
