/* What --explain prints: how each argument of each function crosses. */
#ifndef STUBGEN_EXPLAIN_H
#define STUBGEN_EXPLAIN_H

#include "stubgen/module.h"

/* The whole text.  After coil_crossing_decide(). */
const char *coil_explain(struct coil_module_model *module);

#endif
