/* Shared memory that neither side can shrink or grow. */
#ifndef COIL_SUPERVISOR_MEMORY_H
#define COIL_SUPERVISOR_MEMORY_H

#include <stdint.h>

#include "proto/error.h"

/* A sealed memfd of `size` bytes, sparse, readable and writable by this user alone.  `what` it is for: "a session".
 * Negative errno with words. */
int coil_memory_make(const char *name, uint64_t size, const char *what, int *ret_fd, struct coil_error *error);

#endif
