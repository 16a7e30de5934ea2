/*
 * Evaluating lengths.
 *
 * The client does it once per call, before anything is copied, and the worker
 * again, on its own copy of the frame, to check what it has been sent.  All
 * arithmetic is checked: a length that overflows must be an error and never a
 * small number.  The image's check has shown that the program ends, that its
 * stack suffices, and that its parameters are integers.  Any thread.
 */
#include "proto/expression.h"

#include <errno.h>

/* The integer of `size` bytes at `at`; an unsigned one that does not fit into 63 bits is no length. */
static int load_integer(const void *at, unsigned size, bool is_signed, int64_t *ret_value)
{
    uint64_t value = 0;

    memcpy(&value, at, size); /* little-endian, as every machine coil runs on */
    if (is_signed && size < 8 && value >> (8 * size - 1))
        value |= UINT64_MAX << (8 * size);
    if (!is_signed && value > INT64_MAX)
        return -ERANGE;
    *ret_value = (int64_t)value;
    return 0;
}

/* The value of a parameter, or with `follow` of the integer it points to. */
static int load_parameter(const struct coil_descriptor *image, const struct coil_descriptor_value *parameter,
                          const void *frame, bool follow, int64_t *ret_value)
{
    const void *at = (const char *)frame + parameter->offset;
    uint32_t type = coil_image_resolve(image, parameter->type);

    if (follow) {
        type = coil_image_resolve(image, (uint32_t)COIL_TYPE_ARGUMENT(coil_image_types(image)[type]));
        memcpy(&at, at, sizeof at);
        if (!at) {
            *ret_value = 0;
            return 0;
        }
    }
    return load_integer(at, coil_image_integer_size(image, type), coil_image_integer_is_signed(image, type), ret_value);
}

/* a = a (operation) b */
static int combine(uint32_t operation, int64_t *a, int64_t b)
{
    bool overflow = true;

    switch (operation) {
    case COIL_EXPRESSION_ADD:
        overflow = __builtin_add_overflow(*a, b, a);
        break;
    case COIL_EXPRESSION_SUBTRACT:
        overflow = __builtin_sub_overflow(*a, b, a);
        break;
    case COIL_EXPRESSION_MULTIPLY:
        overflow = __builtin_mul_overflow(*a, b, a);
        break;
    case COIL_EXPRESSION_DIVIDE:
        if (b == 0)
            return -EDOM;
        overflow = *a == INT64_MIN && b == -1;
        if (!overflow)
            *a /= b;
        break;
    }
    return overflow ? -ERANGE : 0;
}

static int run(const struct coil_descriptor *image, uint32_t first_value, uint32_t first,
               const void *frame, int64_t *ret_value)
{
    const struct coil_descriptor_value *parameters = coil_image_values(image) + first_value;
    int64_t stack[COIL_EXPRESSION_DEPTH_MAX];
    unsigned depth = 0;
    int r = 0;

    for (const struct coil_descriptor_expression *e = coil_image_expressions(image) + first;
         r == 0 && e->operation != COIL_EXPRESSION_END; e++) {
        switch (e->operation) {
        case COIL_EXPRESSION_CONSTANT:
            stack[depth++] = e->operand;
            break;
        case COIL_EXPRESSION_PARAMETER:
        case COIL_EXPRESSION_DEREFERENCE:
            r = load_parameter(image, &parameters[e->operand], frame, e->operation == COIL_EXPRESSION_DEREFERENCE,
                               &stack[depth++]);
            break;
        default:
            depth--;
            r = combine(e->operation, &stack[depth - 1], stack[depth]);
        }
    }
    *ret_value = stack[0];
    return r;
}

int coil_expression_evaluate(const struct coil_descriptor *image, uint32_t first_value, uint32_t reference,
                             const void *frame, uint64_t *ret_value, struct coil_error *error)
{
    int64_t value;
    int r = run(image, first_value, reference - 1, frame, &value);

    if (r == -EDOM)
        return coil_error_set(error, -ERANGE, "a length divides by zero");
    if (r < 0)
        return coil_error_set(error, -ERANGE, "a length is too large to be one");
    if (value < 0)
        return coil_error_set(error, -ERANGE, "a length is negative (%lld)", (long long)value);
    *ret_value = (uint64_t)value;
    return 0;
}

int coil_expression_extent(const struct coil_descriptor *image, uint32_t first_value,
                           const struct coil_descriptor_value *parameter, const void *frame, uint64_t *ret_size,
                           struct coil_error *error)
{
    uint64_t count = 1;
    int r = 0;

    if (parameter->count)
        r = coil_expression_evaluate(image, first_value, parameter->count, frame, &count, error);
    if (r == 0 && (__builtin_mul_overflow(count, parameter->extent, ret_size) || *ret_size > INT64_MAX))
        r = coil_error_set(error, -ERANGE, "%llu elements of %llu bytes are too many", (unsigned long long)count,
                           (unsigned long long)parameter->extent);
    if (r < 0)
        coil_error_prepend(error, "'%s'", coil_image_text(image, parameter->name));
    return r;
}
