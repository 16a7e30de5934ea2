/* The daemon's report about itself, for people. */
#ifndef COIL_SUPERVISOR_STATUS_H
#define COIL_SUPERVISOR_STATUS_H

struct coil_server;

/* Lines of text in a new block that the caller frees.  -ENOMEM. */
int coil_status_write(const struct coil_server *server, char **ret_text);

#endif
