/* A module's tables in the form _cffi_backend takes them, built from the descriptor. */
#ifndef COIL_HOST_CONTEXT_H
#define COIL_HOST_CONTEXT_H

#include "daemon/host/backend.h"
#include "proto/descriptor.h"

#define COIL_CONTEXT_TYPE_NAME_PREFIX "$coil"
#define COIL_CONTEXT_TYPE_NAME_SIZE 16

struct coil_context;

/* `image` must outlive the context.  NULL: no memory.  Free only what was never given to the backend. */
struct coil_context *coil_context_new(const struct coil_descriptor *image);
void coil_context_free(struct coil_context *context); /* NULL is ignored */
static inline void coil_context_freep(struct coil_context **context)
{
    coil_context_free(*context);
    *context = NULL;
}

const struct coil_backend_context *coil_context_tables(const struct coil_context *context);

/* The name under which ffi.typeof() finds the type with number `type`, if a frame has a value of it or a global has it.
 */
void coil_context_type_name(unsigned type, char ret_name[COIL_CONTEXT_TYPE_NAME_SIZE]);

#endif
