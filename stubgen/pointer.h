/* Pointers among the parameters: how much memory each leads to, and which way it goes. */
#ifndef STUBGEN_POINTER_H
#define STUBGEN_POINTER_H

#include "stubgen/annotation.h"
#include "stubgen/contents.h"
#include "stubgen/infer.h"

/* One parameter that is being decided. */
struct coil_decision {
    struct coil_subject subject;
    const struct coil_signature *signature; /* of the function; NULL for what is alone: a result, a variable */
    const struct coil_parameter *p;         /* what is alone counts as one, too */
    struct coil_beside beside;              /* of a pointer */
    size_t index;
    const struct coil_marks *marks;
    struct coil_passage *passage; /* its frame type and its lengths are known */
};

/*
 * Decides a pointer or an array of open length.  `is_length_elsewhere`: an expression of
 * another parameter has the integer beside it, or what this one leads to.
 */
void coil_pointer_decide(struct coil_decision *d, bool is_length_elsewhere);

/* Decides an array of fixed length: its type says how long it is. */
void coil_pointer_decide_array(const struct coil_decision *d, struct coil_type *array);

_Noreturn void coil_pointer_refuse_function(const struct coil_decision *d);

#endif
