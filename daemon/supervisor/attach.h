/* Attaching programs: attach, descriptor, module, channel. */
#ifndef COIL_SUPERVISOR_ATTACH_H
#define COIL_SUPERVISOR_ATTACH_H

#include "daemon/supervisor/client.h"

/* Begin to handle a request; each is answered sooner or later. */
void coil_attach_begin(struct coil_client *client, const struct coil_message *message);
void coil_attach_module(struct coil_client *client, const struct coil_message *message);
void coil_attach_channel(struct coil_client *client, const struct coil_message *message);

/* The descriptor that the client was asked for: the request goes on. */
void coil_attach_descriptor(struct coil_client *client, const struct coil_message *message);

/* Drops what the request under way holds, and waits for nothing more.  The session stays. */
void coil_attach_forget(struct coil_client *client);

#endif
