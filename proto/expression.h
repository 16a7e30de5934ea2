/*
 * Lengths: evaluating the expressions of counted_by(), sized_by() and length()
 * over the arguments of one call.
 */
#ifndef COIL_EXPRESSION_H
#define COIL_EXPRESSION_H

#include "proto/image.h"

/*
 * The value of the program that `reference` (1 + index, not 0) names, over `frame`: the call frame, or the
 * struct, whose values begin with number `first_value` in a checked image.  `frame`'s pointers must be readable where the
 * expression follows them.  -ERANGE with words: negative, or not representable.
 */
int coil_expression_evaluate(const struct coil_descriptor *image, uint32_t first_value, uint32_t reference,
                             const void *frame, uint64_t *ret_value, struct coil_error *error);

/*
 * How many bytes lie behind a pointer with COIL_CROSS_BLOCK_*: `extent`, times `count` (which is not
 * COIL_COUNT_TO_NULL).  -ERANGE with words.
 */
int coil_expression_extent(const struct coil_descriptor *image, uint32_t first_value,
                           const struct coil_descriptor_value *parameter, const void *frame, uint64_t *ret_size,
                           struct coil_error *error);

#endif
