/* Lengths: the expressions of counted_by(), sized_by() and length(). */
#ifndef STUBGEN_LENGTH_H
#define STUBGEN_LENGTH_H

#include "stubgen/group.h"

/* One operation of the program that computes a length. */
struct coil_length_step {
    const char *operation;            /* the words of COIL_EXPRESSION_*'s name behind that prefix */
    const char *operand;              /* in C; NULL: the number of `value` */
    const struct coil_passage *value; /* what is read, beside what has the length */
    const char *comment;              /* what the operand stands for, or NULL */
};

/* An expression as a program in reverse Polish notation; its END is not among the steps. */
struct coil_length_program {
    const char *text;       /* as it was written */
    struct coil_list steps; /* struct coil_length_step */
    bool *uses;             /* one per member of the group */
};

/*
 * Compiles the expressions among the marks of a value over the members of its group, and gives them to its
 * passage.  `is_after`: all of them are evaluated after the call, as length() always is, and what is `out` may be
 * read.  Refuses what is no integer, what is not in the group, and what cannot be read.
 */
void coil_length_read(struct coil_module_model *module, const struct coil_group *group, const struct coil_marks *marks,
                      bool is_after, struct coil_passage *passage);

/* A length that is one member's value. */
const struct coil_length_program *coil_length_of_member(struct coil_module_model *module,
                                                        const struct coil_group *group,
                                                        const struct coil_member *member);

#endif
