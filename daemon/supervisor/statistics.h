/* The daemon's report about itself, for programs. */
#ifndef COIL_SUPERVISOR_STATISTICS_H
#define COIL_SUPERVISOR_STATISTICS_H

struct coil_server;

/*
 * In the form of this name, "json", "metrics" or "table", in a new block that the caller frees.  -ENOMEM; -EINVAL:
 * there is no such form.
 */
int coil_statistics_write(const struct coil_server *server, const char *form, char **ret_text);

#endif
