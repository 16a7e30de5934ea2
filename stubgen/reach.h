/* What crosses: the shapes and callbacks that functions and variables lead to. */
#ifndef STUBGEN_REACH_H
#define STUBGEN_REACH_H

#include "stubgen/module.h"

/*
 * Lists the module's shapes and callbacks in the order of the descriptor, and finds the functions that lead to
 * what means something only within one process.
 */
void coil_reach_list(struct coil_module_model *module);

#endif
