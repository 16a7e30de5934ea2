/*
 * The daemon's log: lines of text with the time, on one fd that workers share as
 * their stdout and stderr.  Main thread only.
 */
#ifndef COIL_SUPERVISOR_LOG_H
#define COIL_SUPERVISOR_LOG_H

#include "proto/error.h"

/* Appends to the file at `path` (created 0600) and makes it stdout and stderr too.  Without a call: stderr. */
int coil_log_open(const char *path, struct coil_error *error);

/* The fd that lines go to. */
int coil_log_fd(void);

/* Writes one line; failures to write are not reported anywhere. */
void coil_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
