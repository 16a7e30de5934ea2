/* Inference: which integer beside a pointer says how much memory the pointer leads to. */
#ifndef STUBGEN_INFER_H
#define STUBGEN_INFER_H

#include "stubgen/module.h"

/* An integer parameter beside a pointer. */
struct coil_beside {
    const struct coil_parameter *integer; /* NULL: there is none that may be a length */
    bool is_clear;                        /* it can hardly be anything else than the length of this pointer */
    bool is_after;                        /* it follows the pointer */
};

/* `before` comes in front of the pointer `p`, or is NULL; `before2` comes in front of that. */
struct coil_beside coil_infer_length(const struct coil_parameter *before2, const struct coil_parameter *before,
                                     const struct coil_parameter *p);

/* The integer beside a field of pointer type, by its name, or NULL. */
const char *coil_infer_length_field(const struct coil_record *record, const struct coil_field *field);

/* The first integer of a function that is named like a length, or NULL. */
const char *coil_infer_some_length(const struct coil_type *function);

#endif
