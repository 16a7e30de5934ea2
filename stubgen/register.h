/* Making a module known to the system's daemon. */
#ifndef STUBGEN_REGISTER_H
#define STUBGEN_REGISTER_H

#include "proto/image.h"
#include "stubgen/arena.h"

/* Puts a checked descriptor into the folder, which is made if it is not there, and says so on stdout. */
int coil_register(struct coil_arena *arena, const char *folder, const struct coil_descriptor *image, size_t size,
                  struct coil_error *error);

#endif
