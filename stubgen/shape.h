/* Shapes: what is followed in a struct, or in an array of pointers. */
#ifndef STUBGEN_SHAPE_H
#define STUBGEN_SHAPE_H

#include "stubgen/decision.h"

/*
 * The shape of what has `type`: of the structs or pointers in it, if it is an array of them.  NULL if there
 * are none.  `is_string`: pointers to bytes are strings; `is_in`: what pointers in an array lead to is only read.
 * Refuses pointers that nothing is known about, or lets them through.
 *
 * In place: part of a struct.  By value: its size must be known.  Behind a pointer: that, too; whether the struct has
 * anything that is followed is known after coil_shape_decide() only.
 */
struct coil_shape *coil_shape_in_place(const struct coil_subject *subject, struct coil_type *type, bool is_string,
                                       bool is_in);
struct coil_shape *coil_shape_of_value(const struct coil_subject *subject, struct coil_type *type, bool is_string,
                                       bool is_in);
struct coil_shape *coil_shape_behind(const struct coil_subject *subject, struct coil_type *type, bool is_string,
                                     bool is_in);

/* A struct to be decided. */
void coil_shape_queue(struct coil_module_model *module, struct coil_record *record);

/* Decides the structs that pointers lead to so far, and those that they lead to. */
void coil_shape_decide(struct coil_module_model *module, bool is_lenient);

#endif
