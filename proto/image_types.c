/*
 * What a descriptor's types are: the one behind a name, and of integers how wide
 * they are and whether they have a sign.
 *
 * Callers: the descriptor's check, and the evaluation of lengths.  Any thread.
 */
#include <stdlib.h>

#include "proto/image_check.h"

/* Names may lead in circles, so nobody follows more steps than there are types. */
uint32_t coil_image_resolve(const struct coil_descriptor *image, uint32_t type)
{
    const coil_type_code *types = coil_image_types(image);
    const struct coil_descriptor_typename *typenames = coil_image_typenames(image);

    for (uint32_t steps = 0; steps < image->types.count; steps++) {
        if (COIL_TYPE_OPERATION(types[type]) == COIL_OP_NOOP)
            type = (uint32_t)COIL_TYPE_ARGUMENT(types[type]);
        else if (COIL_TYPE_OPERATION(types[type]) == COIL_OP_TYPENAME)
            type = typenames[COIL_TYPE_ARGUMENT(types[type])].type;
        else
            break;
    }
    return type;
}

/* Sizes of the primitives that are integers; negative: signed. */
static const signed char integer_sizes[COIL_PRIM_COUNT] = {
    [COIL_PRIM_BOOL] = sizeof(_Bool),
    [COIL_PRIM_SCHAR] = -(int)sizeof(signed char),
    [COIL_PRIM_UCHAR] = sizeof(unsigned char),
    [COIL_PRIM_SHORT] = -(int)sizeof(short),
    [COIL_PRIM_USHORT] = sizeof(short),
    [COIL_PRIM_INT] = -(int)sizeof(int),
    [COIL_PRIM_UINT] = sizeof(int),
    [COIL_PRIM_LONG] = -(int)sizeof(long),
    [COIL_PRIM_ULONG] = sizeof(long),
    [COIL_PRIM_LONGLONG] = -(int)sizeof(long long),
    [COIL_PRIM_ULONGLONG] = sizeof(long long),
    [COIL_PRIM_INT8] = -1,
    [COIL_PRIM_UINT8] = 1,
    [COIL_PRIM_INT16] = -2,
    [COIL_PRIM_UINT16] = 2,
    [COIL_PRIM_INT32] = -4,
    [COIL_PRIM_UINT32] = 4,
    [COIL_PRIM_INT64] = -8,
    [COIL_PRIM_UINT64] = 8,
    [COIL_PRIM_INTPTR] = -(int)sizeof(intptr_t),
    [COIL_PRIM_UINTPTR] = sizeof(uintptr_t),
    [COIL_PRIM_PTRDIFF] = -(int)sizeof(ptrdiff_t),
    [COIL_PRIM_SIZE] = sizeof(size_t),
    [COIL_PRIM_SSIZE] = -(int)sizeof(size_t),
    [COIL_PRIM_INT_LEAST8] = -(int)sizeof(int_least8_t),
    [COIL_PRIM_UINT_LEAST8] = sizeof(uint_least8_t),
    [COIL_PRIM_INT_LEAST16] = -(int)sizeof(int_least16_t),
    [COIL_PRIM_UINT_LEAST16] = sizeof(uint_least16_t),
    [COIL_PRIM_INT_LEAST32] = -(int)sizeof(int_least32_t),
    [COIL_PRIM_UINT_LEAST32] = sizeof(uint_least32_t),
    [COIL_PRIM_INT_LEAST64] = -(int)sizeof(int_least64_t),
    [COIL_PRIM_UINT_LEAST64] = sizeof(uint_least64_t),
    [COIL_PRIM_INT_FAST8] = -(int)sizeof(int_fast8_t),
    [COIL_PRIM_UINT_FAST8] = sizeof(uint_fast8_t),
    [COIL_PRIM_INT_FAST16] = -(int)sizeof(int_fast16_t),
    [COIL_PRIM_UINT_FAST16] = sizeof(uint_fast16_t),
    [COIL_PRIM_INT_FAST32] = -(int)sizeof(int_fast32_t),
    [COIL_PRIM_UINT_FAST32] = sizeof(uint_fast32_t),
    [COIL_PRIM_INT_FAST64] = -(int)sizeof(int_fast64_t),
    [COIL_PRIM_UINT_FAST64] = sizeof(uint_fast64_t),
    [COIL_PRIM_INTMAX] = -(int)sizeof(intmax_t),
    [COIL_PRIM_UINTMAX] = sizeof(uintmax_t),
};

/* `type` has been resolved; an enum counts as the integer the compiler chose for it. */
static signed char integer_size(const struct coil_descriptor *image, uint32_t type)
{
    coil_type_code code = coil_image_types(image)[type];

    if (COIL_TYPE_OPERATION(code) == COIL_OP_PRIMITIVE)
        return integer_sizes[COIL_TYPE_ARGUMENT(code)];
    if (COIL_TYPE_OPERATION(code) == COIL_OP_ENUM)
        return integer_sizes[coil_image_enums(image)[COIL_TYPE_ARGUMENT(code)].primitive];
    return 0;
}

bool coil_image_primitive_is_integer(uint32_t primitive)
{
    return integer_sizes[primitive] != 0;
}

unsigned coil_image_integer_size(const struct coil_descriptor *image, uint32_t type)
{
    return (unsigned)abs(integer_size(image, type));
}

bool coil_image_integer_is_signed(const struct coil_descriptor *image, uint32_t type)
{
    return integer_size(image, type) < 0;
}

bool coil_image_is_pointer(const struct coil_descriptor *image, const struct coil_descriptor_value *value)
{
    return value->size == sizeof(void *) &&
           COIL_TYPE_OPERATION(coil_image_types(image)[coil_image_resolve(image, value->type)]) == COIL_OP_POINTER;
}

bool coil_image_is_variable(const struct coil_descriptor *image, const struct coil_descriptor_global *global)
{
    return global->entry < image->variables.count &&
           strcmp(coil_image_text(image, coil_image_variables(image)[global->entry].name),
                  coil_image_text(image, global->name)) == 0;
}
