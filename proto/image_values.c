/*
 * Checking how values cross: functions, signatures, variables, and the shapes of what pointers lead to.
 *
 * Client, worker and host walk memory by these rows, so each row is looked at once, whatever refers to it: shapes may
 * lead to each other in circles, behind pointers.  What lies in place, structs within structs, must end: such a
 * shape stands before the one that it is part of, and is not deeper than COIL_SHAPE_DEPTH_MAX.  The values of a group
 * lie one behind the other, so that nobody walks the same bytes twice.  Called by image.c.  Any thread.
 */
#include <stdlib.h>

#include "proto/cleanup.h"
#include "proto/image_check.h"

#define FRAME_SIZE_MAX (64u << 20) /* bytes; a struct by value larger than this is a mistake */
#define EXTENT_MAX ((uint64_t)INT64_MAX / 2)

/* Values that stand beside each other: a call frame's, a shape's.  Expressions are over the group they are in. */
struct group {
    uint32_t first; /* index in `values` */
    uint32_t count;
    uint64_t size;    /* bytes of the frame, or of one element */
    bool is_c;        /* of a C function: files can cross */
    uint32_t shape;   /* whose it is; of frames and variables UINT32_MAX */
    unsigned *depths; /* per shape: of the structs in place within it, itself counted */
};

static bool is_integer(const struct coil_image_checker *c, const struct coil_descriptor_value *value)
{
    uint32_t type = coil_image_resolve(c->image, value->type);

    return coil_image_integer_size(c->image, type) != 0 && value->crossing == COIL_CROSS_VALUE &&
           value->size == coil_image_integer_size(c->image, type);
}

/* A pointer to one integer, which is staged and checked before anybody follows it. */
static bool is_integer_pointer(const struct coil_image_checker *c, const struct coil_descriptor_value *value)
{
    uint32_t type = coil_image_resolve(c->image, value->type);

    if (COIL_TYPE_OPERATION(c->types[type]) != COIL_OP_POINTER || value->crossing < COIL_CROSS_BLOCK_IN ||
        value->crossing > COIL_CROSS_BLOCK_OUT)
        return false;
    type = coil_image_resolve(c->image, (uint32_t)COIL_TYPE_ARGUMENT(c->types[type]));
    return coil_image_integer_size(c->image, type) != 0 && value->count == 0 && value->shape == 0 &&
           value->extent == coil_image_integer_size(c->image, type);
}

/* A program that ends, with one value, and never underflows or outgrows its stack. */
static bool is_expression(const struct coil_image_checker *c, const struct group *group, uint32_t reference)
{
    const struct coil_descriptor_expression *e = coil_image_expressions(c->image);
    const struct coil_descriptor_value *values = coil_image_values(c->image) + group->first;
    unsigned depth = 0;

    for (uint32_t i = reference - 1; i < c->image->expressions.count && i - (reference - 1) < COIL_EXPRESSION_STEPS_MAX;
         i++) {
        switch (e[i].operation) {
        case COIL_EXPRESSION_END:
            return depth == 1;
        case COIL_EXPRESSION_PARAMETER:
            if (!coil_image_is_index(e[i].operand, group->count) || !is_integer(c, &values[e[i].operand]))
                return false;
            depth++;
            break;
        case COIL_EXPRESSION_DEREFERENCE:
            if (!coil_image_is_index(e[i].operand, group->count) || !is_integer_pointer(c, &values[e[i].operand]))
                return false;
            depth++;
            break;
        case COIL_EXPRESSION_CONSTANT:
            depth++;
            break;
        case COIL_EXPRESSION_ADD:
        case COIL_EXPRESSION_SUBTRACT:
        case COIL_EXPRESSION_MULTIPLY:
        case COIL_EXPRESSION_DIVIDE:
            if (depth < 2)
                return false;
            depth--;
            break;
        default:
            return false;
        }
        if (depth > COIL_EXPRESSION_DEPTH_MAX)
            return false;
    }
    return false;
}

/* Nothing, or elements of a shape that fill `size` bytes. */
static bool is_shaped(const struct coil_image_checker *c, uint32_t shape, uint64_t size)
{
    uint64_t element;

    if (shape == 0)
        return true;
    if (shape > c->image->shapes.count || size == 0)
        return false;
    element = coil_image_shapes(c->image)[shape - 1].size;
    return element > 0 && size % element == 0;
}

/* COIL_CROSS_VALUE; a shape in place ends. */
static bool is_plain(const struct coil_image_checker *c, const struct group *group,
                     const struct coil_descriptor_value *value)
{
    if (value->extent || value->count || value->length || value->signature || !is_shaped(c, value->shape, value->size))
        return false;
    if (value->shape == 0 || group->shape == UINT32_MAX)
        return true;
    if (value->shape - 1 >= group->shape)
        return false;
    if (group->depths[group->shape] <= group->depths[value->shape - 1])
        group->depths[group->shape] = group->depths[value->shape - 1] + 1;
    return group->depths[group->shape] <= COIL_SHAPE_DEPTH_MAX;
}

/* COIL_CROSS_BLOCK_* */
static bool is_block(const struct coil_image_checker *c, const struct group *group,
                     const struct coil_descriptor_value *value)
{
    if (value->extent > EXTENT_MAX || value->signature || !is_shaped(c, value->shape, value->extent))
        return false;
    if (value->count == COIL_COUNT_TO_NULL)
        return value->extent == sizeof(void *) && value->length == 0;
    if (value->count == 0)
        return value->length == 0;
    return is_expression(c, group, value->count) && (value->length == 0 || is_expression(c, group, value->length));
}

static bool is_pointer_to_function(const struct coil_image_checker *c, uint32_t type)
{
    type = coil_image_resolve(c->image, (uint32_t)COIL_TYPE_ARGUMENT(c->types[type]));
    return COIL_TYPE_OPERATION(c->types[type]) == COIL_OP_FUNCTION;
}

/* How it crosses; where it is has been checked, for all of its group. */
static bool crosses(const struct coil_image_checker *c, const struct group *group,
                    const struct coil_descriptor_value *value)
{
    uint32_t type = coil_image_resolve(c->image, value->type);

    if (value->crossing == COIL_CROSS_VALUE)
        return is_plain(c, group, value);
    if (value->size != sizeof(void *) || COIL_TYPE_OPERATION(c->types[type]) != COIL_OP_POINTER)
        return false;
    switch (value->crossing) {
    case COIL_CROSS_BLOCK_IN:
    case COIL_CROSS_BLOCK_INOUT:
    case COIL_CROSS_BLOCK_OUT:
        return is_block(c, group, value);
    case COIL_CROSS_FUNCTION:
        return value->signature > 0 && value->signature <= c->image->signatures.count && !value->extent &&
               !value->count && !value->length && !value->shape && is_pointer_to_function(c, type);
    case COIL_CROSS_FILE:
        if (!group->is_c)
            return false;
        break;
    case COIL_CROSS_STRING_IN:
    case COIL_CROSS_STRING_INOUT:
    case COIL_CROSS_UNSAID:
        break;
    default:
        return false;
    }
    return !value->extent && !value->count && !value->length && !value->shape && !value->signature;
}

/* Its name, its type, and that it lies within `size` bytes. */
static bool is_placed(const struct coil_image_checker *c, const struct coil_descriptor_value *value, uint64_t size)
{
    return coil_image_is_short(c, value->name) && coil_image_is_type(c, value->type) && value->offset <= size &&
           value->size <= size - value->offset;
}

/*
 * It is as large as its type: who converts it believes the one, who copies it the other.  An array is no value of a
 * frame, and only what lies elsewhere can be of a size that its type does not tell.
 */
static bool is_sized(const struct coil_image_checker *c, const struct coil_descriptor_value *value, bool is_in_frame)
{
    uint64_t size = c->sizes[value->type];

    if (is_in_frame && COIL_TYPE_OPERATION(c->types[coil_image_resolve(c->image, value->type)]) == COIL_OP_ARRAY)
        return false;
    return size == COIL_SIZE_UNKNOWN ? !is_in_frame : value->size == size;
}

/* All of its frame, which is empty for void. */
static bool is_result(const struct coil_image_checker *c, const struct coil_descriptor_value *value, uint64_t size)
{
    if (!is_placed(c, value, size) || value->offset != 0 || value->size != size)
        return false;
    if (c->types[coil_image_resolve(c->image, value->type)] == COIL_TYPE(COIL_OP_PRIMITIVE, COIL_PRIM_VOID))
        return size == 0;
    return is_sized(c, value, true);
}

static bool is_group(const struct coil_image_checker *c, const struct group *group)
{
    const struct coil_descriptor_value *values;
    uint64_t end = 0;

    if (group->first > c->image->values.count || group->count > c->image->values.count - group->first)
        return false;
    values = coil_image_values(c->image) + group->first;
    for (uint32_t i = 0; i < group->count; i++) {
        if (!is_placed(c, &values[i], group->size) || values[i].offset < end ||
            !is_sized(c, &values[i], group->shape == UINT32_MAX))
            return false;
        end = values[i].offset + values[i].size;
    }
    for (uint32_t i = 0; i < group->count; i++)
        if (!crosses(c, group, &values[i]))
            return false;
    return true;
}

static int check_shapes(const struct coil_image_checker *c)
{
    const struct coil_descriptor_shape *shapes = coil_image_shapes(c->image);
    COIL_CLEANUP(coil_memory_free) unsigned *depths = calloc(c->image->shapes.count + 1u, sizeof *depths);

    if (!depths)
        return coil_error_set(c->error, -ENOMEM, "no memory to check a descriptor");
    for (uint32_t i = 0; i < c->image->shapes.count; i++) {
        const struct group group = { .first = shapes[i].first_value,
                                     .count = shapes[i].value_count,
                                     .size = shapes[i].size,
                                     .shape = i,
                                     .depths = depths };

        depths[i] = 1;
        if (shapes[i].size == 0 || shapes[i].size > EXTENT_MAX || !is_group(c, &group))
            return coil_image_bad(c, "shape", i);
    }
    return 0;
}

#define FLAGS                                                                                                          \
    (COIL_FUNCTION_IDEMPOTENT | COIL_FUNCTION_IN_PROCESS_ONLY | COIL_FUNCTION_ONEWAY | COIL_FUNCTION_VARIADIC |        \
     COIL_FUNCTION_HAS_ERROR)

static bool is_function(const struct coil_image_checker *c, const struct coil_descriptor_function *f, bool is_c)
{
    const struct group group = {
        .first = f->first_value, .count = f->parameter_count, .size = f->call_size, .is_c = is_c, .shape = UINT32_MAX
    };

    return coil_image_is_type(c, f->type) && COIL_TYPE_OPERATION(c->types[f->type]) == COIL_OP_FUNCTION &&
           f->call_size <= FRAME_SIZE_MAX && f->result_size <= FRAME_SIZE_MAX && (f->flags & ~FLAGS) == 0 &&
           !(f->flags & COIL_FUNCTION_ONEWAY && f->result_size) &&
           !(f->flags & COIL_FUNCTION_HAS_ERROR && !f->result_size) && is_group(c, &group) &&
           is_result(c, &f->result, f->result_size) && crosses(c, &group, &f->result);
}

static int check_functions(const struct coil_image_checker *c)
{
    const struct coil_descriptor_function *functions = coil_image_functions(c->image);

    if (c->image->functions.count > UINT16_MAX)
        return coil_error_set(c->error, -EBADMSG, "descriptor: more than %u functions", UINT16_MAX);
    for (uint32_t i = 0; i < c->image->functions.count; i++)
        if (!coil_image_is_name(c, functions[i].name) || functions[i].flags & COIL_FUNCTION_VARIADIC ||
            !is_function(c, &functions[i], false))
            return coil_image_bad(c, "function", i);
    return 0;
}

/* Those with a name come first, sorted. */
static int check_signatures(const struct coil_image_checker *c)
{
    const struct coil_descriptor_function *signatures = coil_image_signatures(c->image);

    if (c->image->signatures.count > UINT16_MAX)
        return coil_error_set(c->error, -EBADMSG, "descriptor: more than %u C functions and types of functions",
                              UINT16_MAX);
    for (uint32_t i = 0; i < c->image->signatures.count; i++) {
        if (!coil_image_is_short(c, signatures[i].name) || !is_function(c, &signatures[i], true))
            return coil_image_bad(c, "signature", i);
        if (i > 0 && coil_image_is_name(c, signatures[i].name) &&
            strcmp(coil_image_text(c->image, signatures[i - 1].name), coil_image_text(c->image, signatures[i].name)) >=
                0)
            return coil_image_bad(c, "signature", i);
    }
    return 0;
}

/* A variable has nothing beside it that its length could be said over. */
static int check_variables(const struct coil_image_checker *c)
{
    const struct coil_descriptor_value *variables = coil_image_variables(c->image);
    const struct group alone = { .shape = UINT32_MAX };

    if (c->image->variables.count > UINT16_MAX)
        return coil_error_set(c->error, -EBADMSG, "descriptor: more than %u variables", UINT16_MAX);
    for (uint32_t i = 0; i < c->image->variables.count; i++)
        if (!coil_image_is_name(c, variables[i].name) || variables[i].offset != 0 ||
            !is_placed(c, &variables[i], EXTENT_MAX) || !is_sized(c, &variables[i], false) ||
            !crosses(c, &alone, &variables[i]))
            return coil_image_bad(c, "variable", i);
    return 0;
}

/* Each value is of one group: so all are looked at once, whoever counts them. */
static int check_groups(const struct coil_image_checker *c)
{
    const struct coil_descriptor *image = c->image;
    uint64_t used = 0;

    for (uint32_t i = 0; i < image->functions.count; i++)
        used += coil_image_functions(image)[i].parameter_count;
    for (uint32_t i = 0; i < image->signatures.count; i++)
        used += coil_image_signatures(image)[i].parameter_count;
    for (uint32_t i = 0; i < image->shapes.count; i++)
        used += coil_image_shapes(image)[i].value_count;
    if (used > image->values.count)
        return coil_error_set(c->error, -EBADMSG, "descriptor: groups of values lie within each other");
    return 0;
}

int coil_image_check_values(const struct coil_image_checker *c)
{
    int r = check_groups(c);

    if (r == 0)
        r = check_shapes(c);
    if (r == 0)
        r = check_functions(c);
    if (r == 0)
        r = check_signatures(c);
    return r == 0 ? check_variables(c) : r;
}
