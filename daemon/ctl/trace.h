/* coilctl trace: calls as they happen. */
#ifndef COIL_CTL_TRACE_H
#define COIL_CTL_TRACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/ctl/daemon.h"

/* What is wanted; NULL and 0: all there is. */
struct coil_trace_options {
    const char *module;
    const char *function;
    pid_t pid; /* the program's */
};

/* Reads the words after "trace".  False: they are wrong, which has been said on stderr. */
bool coil_trace_parse(int count, char **words, struct coil_trace_options *ret_options);

/* Until a signal ends it or the daemon has gone. */
int coil_trace_run(struct coil_daemon *daemon, const struct coil_trace_options *options, struct coil_error *error);

#endif
