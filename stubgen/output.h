/* Reading and writing files. */
#ifndef STUBGEN_OUTPUT_H
#define STUBGEN_OUTPUT_H

#include <stddef.h>

#include "proto/error.h"
#include "stubgen/arena.h"

/* The whole file, with a NUL behind it; the memory is the arena's. */
int coil_file_read(struct coil_arena *arena, const char *path, char **ret_text, size_t *ret_size,
                   struct coil_error *error);

/* Makes the file have this content.  One that has it already is not touched.  Never leaves half a file. */
int coil_file_write(struct coil_arena *arena, const char *path, const void *data, size_t size, unsigned mode,
                    struct coil_error *error);

/* Makes the folders on the way to a file. */
int coil_file_make_folders(struct coil_arena *arena, const char *path, struct coil_error *error);

/* The folder that a file is in: "." for a bare name. */
char *coil_file_folder(struct coil_arena *arena, const char *path);

#endif
