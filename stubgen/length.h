/* Lengths: the expressions of counted_by(), sized_by() and length(). */
#ifndef STUBGEN_LENGTH_H
#define STUBGEN_LENGTH_H

#include "stubgen/annotation.h"

/* One operation of the program that computes a length. */
struct coil_length_step {
    const char *operation; /* the words of COIL_EXPRESSION_*'s name behind that prefix */
    const char *operand;   /* in C */
    const char *comment;   /* what the operand stands for, or NULL */
};

/* An expression as a program in reverse Polish notation; its END is not among the steps. */
struct coil_length_program {
    const char *text;       /* as it was written */
    struct coil_list steps; /* struct coil_length_step */
    bool *uses;             /* one per parameter of the function */
};

/*
 * Compiles the expression of a mark over the function's parameters, whose marks are
 * `marks`.  After the call (length()) what is `out` may be read, too.  Refuses
 * what is no integer, what is not a parameter, and what cannot be read.
 */
const struct coil_length_program *coil_length_compile(struct coil_module_model *module,
                                                      const struct coil_type *function, const struct coil_marks *marks,
                                                      const struct coil_mark *mark, bool is_after);

/* A length that is one parameter's value. */
const struct coil_length_program *coil_length_of_parameter(struct coil_module_model *module,
                                                           const struct coil_type *function, const char *name);

#endif
