/*
 * The daemon's log: lines of text with the time, on one fd that workers share as
 * their stdout and stderr.  Main thread only.
 */
#ifndef COIL_SUPERVISOR_LOG_H
#define COIL_SUPERVISOR_LOG_H

#include <sys/types.h>

#include "proto/error.h"

/* Appends to the file at `path` (created 0600) and makes it stdout and stderr too.  Without a call: stderr. */
int coil_log_open(const char *path, struct coil_error *error);

/* The fd that lines go to. */
int coil_log_fd(void);

/* Whom a line is about. */
struct coil_log_about {
    pid_t pid;
    uid_t uid;
    const char *module; /* NULL or "": none */
};

/*
 * If stderr leads to systemd's journal, as JOURNAL_STREAM says, lines go there with fields; else nothing changes.  The
 * variable is forgotten.
 */
void coil_log_to_journal(void);

/* Writes one line that begins with who it is about: client pid 5 uid 1000: module "calc": ... */
void coil_log_about(const struct coil_log_about *about, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes one line; failures to write are not reported anywhere. */
void coil_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
