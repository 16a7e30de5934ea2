/* Running another program. */
#ifndef STUBGEN_PROCESS_H
#define STUBGEN_PROCESS_H

#include <stddef.h>

#include "proto/error.h"
#include "stubgen/arena.h"

/*
 * Runs argv (NULL at its end; found through PATH) with `input` on its standard
 * input and waits for its end.  *ret_output: what it wrote to both of its outputs.
 * Returns its exit status, 128 + N if signal N ended it; -ENOENT: there is no such
 * program; other negative errnos with words.
 */
int coil_process_run(struct coil_arena *arena, const char *const *argv, const char *input, size_t input_size,
                     const char **ret_output, struct coil_error *error);

#endif
