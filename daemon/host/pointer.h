/* Function pointers of programs, called from Python. */
#ifndef COIL_HOST_POINTER_H
#define COIL_HOST_POINTER_H

#include "daemon/host/module.h"
#include "proto/native.h"

/* The host's table: pointer_new, pointer_free, pointer_failed. */
int coil_pointer_new(struct coil_host_module *module, unsigned signature, struct coil_host_program *program,
                     uint64_t address, struct coil_host_pointer **ret_pointer, uint64_t *ret_code,
                     struct coil_error *error);
void coil_pointer_free(struct coil_host_pointer *pointer);
void coil_pointer_failed(const struct coil_error *error);

/* What libffi knows of a row of either table of the module; immortal.  Any thread, with or without the GIL. */
int coil_pointer_native(struct coil_host_module *module, const struct coil_descriptor_function *row,
                        const struct coil_native **ret_native, struct coil_error *error);

#endif
