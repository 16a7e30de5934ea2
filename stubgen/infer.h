/* Inference: which integer beside a pointer says how much memory the pointer leads to. */
#ifndef STUBGEN_INFER_H
#define STUBGEN_INFER_H

#include "stubgen/group.h"

/* An integer beside a pointer. */
struct coil_beside {
    const struct coil_member *integer; /* NULL: there is none that may be a length */
    bool is_clear;                     /* it can hardly be anything else than the length of this pointer */
    bool is_after;                     /* it follows the pointer */
};

struct coil_beside coil_infer_length(const struct coil_group *group, size_t index);

/* The first integer of a group that is named like a length, or NULL. */
const char *coil_infer_some_length(const struct coil_group *group);

#endif
