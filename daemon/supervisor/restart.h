/* When the workers of an environment may be started again, after earlier ones have crashed. */
#ifndef COIL_SUPERVISOR_RESTART_H
#define COIL_SUPERVISOR_RESTART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COIL_RESTART_CRASHES_MAX 5 /* in a row: then nothing is started any more */

/* Zero: nothing has happened. */
struct coil_restart {
    unsigned deaths;        /* in a row, of workers that had served no call */
    unsigned crashes;       /* of these, the ones that nobody outside has caused */
    uint64_t not_before_ms; /* when the next one may start */
    char last[96];          /* how the last one ended */
};

/*
 * A worker has died, unasked, before it had served a call.  `from_outside`: someone has killed it, which says nothing
 * about what it runs.  `how`: "signal 11 (Segmentation fault)".  Times are of one clock, in ms.
 */
void coil_restart_died(struct coil_restart *restart, uint64_t now_ms, bool from_outside, const char *how);

/* A worker has served a call, or a person wants a new beginning. */
void coil_restart_reset(struct coil_restart *restart);

/* How long the next start has to wait. */
uint64_t coil_restart_delay_ms(const struct coil_restart *restart, uint64_t now_ms);

/* Is nothing to be started any more?  Until a reset. */
bool coil_restart_is_stopped(const struct coil_restart *restart);

/* Why, and what to do, for the program that is refused.  `log_path` may be NULL. */
void coil_restart_explain(const struct coil_restart *restart, const char *log_path, char *text, size_t size);

#endif
