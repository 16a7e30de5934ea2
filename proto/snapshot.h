/* Shared memory made private, in a process that has just been forked. */
#ifndef COIL_SNAPSHOT_H
#define COIL_SNAPSHOT_H

#include <stdint.h>

#define COIL_SNAPSHOT_MAX (UINT64_C(64) << 20) /* bytes that are copied; more would make every fork() slow */

/*
 * Replaces the shared mapping of the memfd `fd` at `base` by a private one of the same content.  The first
 * COIL_SNAPSHOT_MAX bytes that anybody has written are this process's own from now on; of what lies behind
 * them, each page is when this process writes to it.  `fd` is negative, or cannot be mapped: zeros.  Safe after
 * fork() in a process with threads; errno is kept.
 */
void coil_snapshot_take(uint64_t base, uint64_t size, int fd);

/* Covers [base, base + size) with zero pages without memory behind them.  Negative errno. */
int coil_snapshot_cover(uint64_t base, uint64_t size);

#endif
