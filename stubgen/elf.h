/* Reading a symbol's bytes out of a shared library. */
#ifndef STUBGEN_ELF_H
#define STUBGEN_ELF_H

#include <stddef.h>

#include "proto/error.h"

/* As below; the first symbol whose name begins so. */
int coil_elf_symbol_like(const char *file, size_t size, const char *start, const char **ret_data, size_t *ret_size,
                         struct coil_error *error);

/*
 * Finds a defined data symbol in a 64-bit library that was read into memory
 * (aligned to 8).  *ret_data points into `file`.  -ENOENT: it has no such symbol;
 * -EBADMSG: it is no library of this kind.
 */
int coil_elf_symbol(const char *file, size_t size, const char *name, const char **ret_data, size_t *ret_size,
                    struct coil_error *error);

#endif
