/* How arguments, results and variables travel. */
#ifndef STUBGEN_CROSSING_H
#define STUBGEN_CROSSING_H

#include "stubgen/module.h"

/*
 * Gives every function its signature and every variable its passage, and lists both.  Of the functions that
 * Python implements, refuses what does not cross and notes what was inferred.
 */
void coil_crossing_decide(struct coil_module_model *module);

/* The parameter's own name where possible; unique among those before it, whose names `passages` has. */
const char *coil_parameter_name(struct coil_module_model *module, const struct coil_type *function,
                                const struct coil_parameter *p, const struct coil_passage *passages, size_t index);

#endif
