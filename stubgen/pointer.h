/* Pointers: how much memory each leads to, and which way it goes. */
#ifndef STUBGEN_POINTER_H
#define STUBGEN_POINTER_H

#include "stubgen/decision.h"

/* Decides a pointer; `is_length_elsewhere`: another expression has the integer beside it, or what this one leads to. */
void coil_pointer_decide(const struct coil_decision *d, bool is_length_elsewhere);

/* What an array as a parameter shares with it: [string], what is behind it, and that const is not written. */
void coil_pointer_decide_string(const struct coil_decision *d, struct coil_type *item);
void coil_pointer_set_block(const struct coil_decision *d, struct coil_type *block, bool is_const);
void coil_pointer_check_const(const struct coil_decision *d, struct coil_type *item);

#endif
