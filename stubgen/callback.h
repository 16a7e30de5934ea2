/* What function pointers point to. */
#ifndef STUBGEN_CALLBACK_H
#define STUBGEN_CALLBACK_H

#include "stubgen/decision.h"

/*
 * The signature of the function that `type` is or points to; `annotation` is what stands beside the pointer and is
 * about the function's result, `position` where that pointer is declared.  The same for all pointers that are
 * declared in the same words.
 */
const struct coil_signature *coil_callback_of(struct coil_module_model *module, struct coil_type *type,
                                              const struct coil_annotation *annotation, struct coil_position position);

#endif
