/* What is known about included modules' declarations: constants, sizes and places, from their descriptors. */
#ifndef STUBGEN_INCLUDED_H
#define STUBGEN_INCLUDED_H

#include "stubgen/module.h"

/* After coil_module_finish(): completes what comes from sections with a descriptor.  Refuses a descriptor of
 * other declarations. */
void coil_included_apply(struct coil_module_model *module);

#endif
