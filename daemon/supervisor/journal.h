/* systemd's journal, which takes lines with fields. */
#ifndef COIL_SUPERVISOR_JOURNAL_H
#define COIL_SUPERVISOR_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/supervisor/log.h"

#define COIL_JOURNAL_SOCKET "/run/systemd/journal/socket"

/*
 * Does stderr lead to the journal, as JOURNAL_STREAM says (`stream`; NULL: it is not set)?  A daemon that logs to a
 * file, or whose stderr was replaced, is not meant.
 */
bool coil_journal_is_stderr(const char *stream);

/* From now on lines can be sent to the socket at `path`.  Negative errno: they cannot. */
int coil_journal_open(const char *path);
void coil_journal_close(void);

/* Sends one line; `about` may be NULL.  False: it was not taken, and belongs on stderr. */
bool coil_journal_send(const char *text, const struct coil_log_about *about);

#endif
