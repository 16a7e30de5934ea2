/* How the arguments and results of the functions that Python implements travel. */
#ifndef STUBGEN_CROSSING_H
#define STUBGEN_CROSSING_H

#include "stubgen/module.h"

/*
 * Gives every function that Python implements its passages.  Refuses what does
 * not cross; what only `lib` reaches is not looked at.
 */
void coil_crossing_decide(struct coil_module_model *module);

#endif
